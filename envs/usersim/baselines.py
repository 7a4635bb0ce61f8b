"""Users that a score is held against. All but the oracle read neither the call nor their profile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envs.base import Speaker
from envs.speakers import ConstantSpeaker
from envs.usersim.schema.delta import Delta
from envs.usersim.task import UserSimTask
from envs.usersim.trace.render import render
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.users.rule import Oracle, RandomUser
from envs.usersim.users.wording import EN

QUESTION = "What exactly does it come to, with everything in it, and how do I get out of it again?"
"""What most people want to know, whoever calls."""


def fixed() -> Trace:
    """A legal turn at any place of a call: a question, and nothing else happens."""
    thoughts = Thoughts(
        EN.intent,
        EN.concerns.format(concern="what it costs in all"),
        EN.plan,
        EN.update.format(memory="nothing at all."),
        EN.tone,
    )
    return Trace("other", (), (), 0, "ask_clarify", thoughts, Delta(), QUESTION)


def baselines(train_tasks: Sequence[UserSimTask]) -> dict[str, Callable[[int], Speaker]]:
    """`random` picks a move without reading, `best_fixed_script` asks the same question in every turn."""
    return {
        "random": RandomUser,
        "best_fixed_script": lambda seed: ConstantSpeaker(render(fixed())),
        "oracle": Oracle,
    }
