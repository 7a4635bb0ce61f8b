"""Conversations to imitate, for the agent; there is no user.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from train tasks only, in the train split's wording.
- A conversation is played through the gym itself, so demonstrations and training have the same layout.
- A recap drill practises the answer alone, after everything that leads up to it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Role, Speaker
from envs.conversation import converse, drive
from envs.function.expert import Demonstrator, Oracle
from envs.function.gym import FunctionGym
from envs.function.loader import load
from envs.function.task import FunctionTask
from envs.speakers import ConstantSpeaker
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of the agent, and `recaps` drills after them; of the user, who never speaks, none.

    `params` are the gym's, so that what is imitated looks like what is played; `noise` is the `Demonstrator`'s.
    """
    if role == "user":
        return []
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"function demonstrations {seed}").shuffle(tasks)
    shown = []
    for index in range(count + recaps):
        task, number = tasks[index % len(tasks)], random.Random(f"function conversation {seed} {index}").getrandbits(32)
        speaker = Demonstrator(number, **noise) if index < count else Oracle(number)
        shown.append(_played(task, number, speaker, params, last_only=index >= count))
    return shown


def _played(task: FunctionTask, seed: int, speaker: Speaker, params: Params, *, last_only: bool) -> Demonstration:
    gym = FunctionGym(ConstantSpeaker(""), RuleJudge(), **params)
    messages = drive(converse(gym, gym.reset(task, seed), speaker)).messages[:-1]  # nobody speaks after the last feedback
    return Demonstration("FunctionGym", task.id, "agent", tuple(messages), last_only=last_only)
