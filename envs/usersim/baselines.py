"""Users that a score is held against. `random` and `best_fixed_script` read neither the call nor their profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envs.base import Speaker
from envs.speakers import ConstantSpeaker
from envs.usersim.schema.delta import Delta
from envs.usersim.task import UserSimTask
from envs.usersim.trace.render import render
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.users.speaker import rule_users

QUESTION = "What exactly does it come to, with everything in it, and how do I get out of it again?"
"""What most people want to know, whoever calls."""
THOUGHTS = Thoughts(
    intent="Somebody is calling and wants something, as everybody does who calls at this hour.",
    concerns="What counts is the sum in the end and the way out, and I have heard neither so far.",
    plan="I ask for the whole sum and the way out, and if there is no answer I ask for it again.",
    update="Nothing that was said moves me either way, so I stay as I was when I picked up.",
    tone="Calm and to the point, with a full sentence, the way I talk to strangers on the phone.",
)


def fixed() -> Trace:
    """A legal turn at any place of a call: a question, and nothing else happens."""
    return Trace("other", (), (), 0, "ask_clarify", THOUGHTS, Delta(), QUESTION)


def baselines(train_tasks: Sequence[UserSimTask]) -> dict[str, Callable[[int], Speaker]]:
    """The rule users, of whom `random` picks a move without reading; `best_fixed_script` asks the same question in every
    turn."""
    return {**rule_users(), "best_fixed_script": lambda seed: ConstantSpeaker(render(fixed()))}
