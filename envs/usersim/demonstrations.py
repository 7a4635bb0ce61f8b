"""Turns to imitate, of the user who acts and of the agent who calls.

Invariants
- Deterministic by `(role, count, seed)`; of train calls only, played through the gym, so that they look as what is played.
- A user's turn is imitated alone: what it said before is context, written by itself without its thoughts.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from envs.base import Demonstration, Role
from envs.conversation import converse, drive
from envs.recorder import Recorder
from envs.usersim.agents.scripted import ScriptedAgent
from envs.usersim.gym import UserSimGym
from envs.usersim.loader import load
from envs.usersim.users.speaker import Demonstrator
from envs.verdicts import RuleJudge


def demonstrations(
    role: Role, count: int, seed: int, *, params: Mapping[str, Any] | None = None, **noise: float
) -> list[Demonstration]:
    """`count` turns of a role. `params` are the gym's, `noise` is the `Demonstrator`'s."""
    tasks = load("train")
    random.Random(f"usersim demonstrations {seed}").shuffle(tasks)
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, key = tasks[index % len(tasks)], random.Random(f"usersim call {seed} {index}").getrandbits(32)
        user, agent = Recorder(Demonstrator(key, **noise)), Recorder(ScriptedAgent(key))
        gym = UserSimGym(agent, RuleJudge(), **(params or {}))
        drive(converse(gym, gym.reset(task, key), user))
        shown += (user if role == "user" else agent).demonstrations(gym.name, task.id, role)
        index += 1
    return [replace(one, last_only=True) for one in shown[:count]]
