"""Conversations to imitate, for the agent and for the user.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from compact train tasks only, in the train split's wording.
- A conversation is played through the gym itself, so demonstrations and training have the same layout.
- A recap drill practises the last answer alone. Where answers are by id, everything leads up to it; by value, only questions
  about the wishes and the replies, which is all that such an answer has to repeat.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Message, Role, Speaker
from envs.conversation import Episode, converse, drive
from envs.recorder import Recorder
from envs.speakers import FixedScript
from envs.travel.expert import Demonstrator, Oracle
from envs.travel.gym import TravelGym
from envs.travel.loader import load
from envs.travel.task import TravelTask
from envs.travel.user import TravelUser
from envs.travel.wording import QUESTIONS, describe
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""

RAMBLING, RAMBLING_EVERY = 0.5, 4
"""How vague the agent is, and in which conversations, from whom users learn to volunteer."""


RECALLED = (1, 1, 1, 2)
"""How many bookings a drill by value is about, drawn from these: copying is learned on short ones first."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of a role, and for the agent `recaps` drills after them.

    `params` are the gym's, so that what is imitated looks like what is played; `noise` is the `Demonstrator`'s.
    """
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"travel demonstrations {seed}").shuffle(tasks)
    if role == "user":
        return _user_demonstrations(tasks, count, seed, params, noise)
    shown = []
    for index in range(count + recaps):
        task, number, drill = tasks[index % len(tasks)], _number(seed, index), index >= count
        if drill and params.get("answer_by") == "value":
            messages = _recall(task, number, params)
        else:
            speaker = Oracle(number) if drill else Demonstrator(number, **noise)
            messages = _converse(task, number, speaker, TravelUser(number), params).messages[:-1]  # nobody speaks after the end
        shown.append(Demonstration("TravelGym", task.id, "agent", tuple(messages), last_only=drill))
    return shown


def _recall(task: TravelTask, seed: int, params: Params) -> list[Message]:
    """Questions about the wishes of one booking or two, in any order, and the answers; no search."""
    rng = random.Random(f"travel recall {seed}")
    blocks = rng.sample(task.hidden.blocks, rng.choice(RECALLED))
    wishes = [wish for block in blocks for wish in block.preferences]
    assert task.source != "userrl"  # demonstrations are of generated tasks
    asked = [
        rng.choice(QUESTIONS[task.source][task.split]).format(topic=wish.topic) for wish in rng.sample(wishes, len(wishes))
    ]
    answers = [describe({wish.topic: wish.value for wish in block.preferences}) for block in blocks]
    script = [f"[action] {question}" for question in asked] + [f"[answer] {answer}" for answer in answers]
    gym = TravelGym(TravelUser(seed), RuleJudge(), **params)
    return drive(converse(gym, gym.reset(task, seed), FixedScript(script), max_turns=len(script))).messages[:-1]


def _number(seed: int, index: int) -> int:
    return random.Random(f"travel conversation {seed} {index}").getrandbits(32)


def _converse(task: TravelTask, seed: int, speaker: Speaker, user: Speaker, params: Params) -> Episode:
    gym = TravelGym(user, RuleJudge(), **params)
    return drive(converse(gym, gym.reset(task, seed), speaker))


def _user_demonstrations(tasks: list[TravelTask], count: int, seed: int, params: Params, noise: Noise) -> list[Demonstration]:
    """Single replies, as they come up in whole conversations; in some the agent rambles, and so wishes are volunteered."""
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, number = tasks[index % len(tasks)], _number(seed, index)
        user = Recorder(TravelUser(number))
        rambling = {**noise, "vague": RAMBLING} if index % RAMBLING_EVERY == 0 else noise
        _converse(task, number, Demonstrator(number, **rambling), user, params)
        shown += user.demonstrations("TravelGym", task.id, "user")
        index += 1
    return shown[:count]
