"""Conversations to imitate, for the agent and for the customer.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from train tasks only, in the train split's wording.
- An agent's conversation is played through the gym itself, so demonstrations and training have the same layout.
- A recap drill practises the last thing that is told: the calls that lead to it are not imitated.
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
from envs.tau.expert import Demonstrator, Oracle
from envs.tau.gym import TauGym
from envs.tau.loader import load
from envs.tau.task import TauTask
from envs.tau.user import TauUser
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of a role, and for the agent `recaps` drills after them; `noise` is the `Demonstrator`'s."""
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"tau demonstrations {seed}").shuffle(tasks)
    if role == "user":
        return _user_demonstrations(tasks, count, seed, params, noise)
    keys = [f"{seed} {index}" for index in range(max(count, recaps))]
    shown = [_of_agent(tasks[n % len(tasks)], keys[n], Demonstrator(_seed(keys[n]), **noise), params) for n in range(count)]
    drills = [_of_agent(tasks[n % len(tasks)], keys[n], Oracle(_seed(keys[n])), params) for n in range(recaps)]
    return shown + [replace(drill, last_only=True) for drill in drills]


def _of_agent(task: TauTask, key: str, agent: Speaker, params: Params) -> Demonstration:
    messages = _converse(task, key, TauUser(_seed(key)), agent, params).messages[:-1]  # nobody speaks after the last feedback
    return Demonstration("TauGym", task.id, "agent", tuple(messages))


def _user_demonstrations(tasks: list[TauTask], count: int, seed: int, params: Params, noise: Noise) -> list[Demonstration]:
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, key = tasks[index % len(tasks)], f"{seed} {index}"
        user = Recorder(TauUser(_seed(key)))
        _converse(task, key, user, Demonstrator(_seed(key), **noise), params)
        shown += [replace(each, last_only=True) for each in user.demonstrations("TauGym", task.id, "user")]
        index += 1
    return shown[:count]


def _converse(task: TauTask, key: str, user: Speaker, agent: Speaker, params: Params) -> Episode:
    gym = TauGym(user, RuleJudge(), **params)
    return drive(converse(gym, gym.reset(task, _seed(key)), agent))


def _seed(key: str) -> int:
    return random.Random(f"tau conversation {key}").getrandbits(32)
