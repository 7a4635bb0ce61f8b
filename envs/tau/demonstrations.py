"""Conversations to imitate, for the agent and for the customer.

Invariants
- Deterministic by `(role, count, seed)`; made from train tasks only, in the train split's wording.
- An agent's conversation is played through the gym itself, so demonstrations and training have the same layout.
- A customer's demonstration imitates its last line; what was said before only leads up to it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from envs.base import Demonstration, Role, Speaker
from envs.conversation import Episode, converse, drive
from envs.recorder import Recorder
from envs.tau.expert import Demonstrator
from envs.tau.gym import TauGym
from envs.tau.loader import load
from envs.tau.task import TauTask
from envs.tau.user import TauUser
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""


def demonstrations(role: Role, count: int, seed: int, *, params: Params | None = None, **noise: float) -> list[Demonstration]:
    """`count` demonstrations of a role; `noise` is the `Demonstrator`'s."""
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"tau demonstrations {seed}").shuffle(tasks)
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, key = tasks[index % len(tasks)], f"{seed} {index}"
        shown += (_of_agent if role == "agent" else _of_user)(task, key, params, noise)
        index += 1
    return shown[:count]


def _of_agent(task: TauTask, key: str, params: Params, noise: Noise) -> list[Demonstration]:
    messages = _converse(task, key, TauUser(_seed(key)), params, noise).messages[:-1]  # nobody speaks after the last feedback
    return [Demonstration("TauGym", task.id, "agent", tuple(messages))]


def _of_user(task: TauTask, key: str, params: Params, noise: Noise) -> list[Demonstration]:
    user = Recorder(TauUser(_seed(key)))
    _converse(task, key, user, params, noise)
    return [replace(shown, last_only=True) for shown in user.demonstrations("TauGym", task.id, "user")]


def _converse(task: TauTask, key: str, user: Speaker, params: Params, noise: Noise) -> Episode:
    gym = TauGym(user, RuleJudge(), **params)
    return drive(converse(gym, gym.reset(task, _seed(key)), Demonstrator(_seed(key), **noise)))


def _seed(key: str) -> int:
    return random.Random(f"tau conversation {key}").getrandbits(32)
