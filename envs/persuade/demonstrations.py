"""Conversations to imitate, for the agent and for the user.

Invariants
- Deterministic by `(role, count, seed)`; made from generated train tasks only, in the train split's wording.
- An agent's conversation is played through the gym itself, so demonstrations and training have the same layout.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Role, Speaker
from envs.conversation import Episode, converse, drive
from envs.persuade.expert import Demonstrator
from envs.persuade.gym import PersuadeGym
from envs.persuade.loader import load
from envs.persuade.task import PersuadeTask
from envs.persuade.user import PersuadeUser
from envs.recorder import Recorder
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""


def demonstrations(role: Role, count: int, seed: int, *, params: Params | None = None, **noise: float) -> list[Demonstration]:
    """`count` demonstrations of a role. `params` are the gym's, so that what is imitated looks like what is played; `noise` is
    the `Demonstrator`'s."""
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"persuade demonstrations {seed}").shuffle(tasks)
    if role == "user":
        return _user_demonstrations(tasks, count, seed, params, noise)
    return [_agent_demonstration(tasks[index % len(tasks)], f"{seed} {index}", params, noise) for index in range(count)]


def _seed(key: str) -> int:
    return random.Random(f"persuade conversation {key}").getrandbits(32)


def _converse(task: PersuadeTask, seed: int, user: Speaker, params: Params, noise: Noise) -> Episode:
    gym = PersuadeGym(user, RuleJudge(), **params)
    return drive(converse(gym, gym.reset(task, seed), Demonstrator(seed, **noise)))


def _agent_demonstration(task: PersuadeTask, key: str, params: Params, noise: Noise) -> Demonstration:
    episode = _converse(task, _seed(key), PersuadeUser(_seed(key)), params, noise)
    return Demonstration("PersuadeGym", task.id, "agent", tuple(episode.messages[:-1]))  # nobody speaks after the last reply


def _user_demonstrations(tasks: list[PersuadeTask], count: int, seed: int, params: Params, noise: Noise) -> list[Demonstration]:
    """Single replies, as they come up in whole conversations."""
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, key = tasks[index % len(tasks)], f"{seed} {index}"
        user = Recorder(PersuadeUser(_seed(key)))
        _converse(task, _seed(key), user, params, noise)
        shown += user.demonstrations("PersuadeGym", task.id, "user")
        index += 1
    return shown[:count]
