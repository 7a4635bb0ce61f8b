"""Conversations to imitate, for the agent. Nobody plays the user, so of that role there are none.

Invariants
- Deterministic by `(role, count, seed)`; made from train tasks only, in the train split's wording.
- A conversation is played through the gym itself, so demonstrations and training have the same layout. A gym whose `params`
  name the web is played on the corpus all the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Role
from envs.conversation import converse, drive
from envs.search.backend import Corpus
from envs.search.expert import Demonstrator
from envs.search.gym import SearchGym
from envs.search.loader import load
from envs.search.task import SearchTask
from envs.speakers import ConstantSpeaker
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""


def demonstrations(role: Role, count: int, seed: int, *, params: Params | None = None, **noise: float) -> list[Demonstration]:
    """`count` demonstrations of the agent; `noise` is the `Demonstrator`'s."""
    if role == "user":
        return []
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"search demonstrations {seed}").shuffle(tasks)
    return [_demonstration(tasks[index % len(tasks)], f"{seed} {index}", params, noise) for index in range(count)]


def _demonstration(task: SearchTask, key: str, params: Params, noise: Mapping[str, float]) -> Demonstration:
    gym = SearchGym(ConstantSpeaker(""), RuleJudge(), **params)
    gym.backend = Corpus()
    seed = random.Random(f"search conversation {key}").getrandbits(32)
    messages = drive(converse(gym, gym.reset(task, seed), Demonstrator(seed, **noise))).messages
    return Demonstration("SearchGym", task.id, "agent", tuple(messages[:-1]))  # nobody speaks after the last feedback
