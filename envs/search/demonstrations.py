"""Conversations to imitate, for the agent. Nobody plays the user, so of that role there are none.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from train tasks only, in the train split's wording.
- A conversation is played through the gym itself, so demonstrations and training have the same layout. A gym whose `params`
  name the web is played on the corpus all the same.
- A recap drill practises the answer alone: the searches that lead to it are not imitated.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from envs.base import Demonstration, Role, Speaker
from envs.conversation import converse, drive
from envs.search.backend import Corpus
from envs.search.expert import Demonstrator, Oracle
from envs.search.gym import SearchGym
from envs.search.loader import load
from envs.search.task import SearchTask
from envs.speakers import ConstantSpeaker
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of the agent and `recaps` drills after them; `noise` is the `Demonstrator`'s."""
    if role == "user":
        return []
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"search demonstrations {seed}").shuffle(tasks)
    shown = [_played(tasks[index % len(tasks)], _demonstrator(f"{seed} {index}", noise), params) for index in range(count)]
    drills = [_played(tasks[index % len(tasks)], Oracle(index), params) for index in range(recaps)]
    return shown + [replace(drill, last_only=True) for drill in drills]


def _demonstrator(key: str, noise: Mapping[str, float]) -> Speaker:
    return Demonstrator(random.Random(f"search conversation {key}").getrandbits(32), **noise)


def _played(task: SearchTask, agent: Speaker, params: Params) -> Demonstration:
    gym = SearchGym(ConstantSpeaker(""), RuleJudge(), **params)
    gym.backend = Corpus()
    messages = drive(converse(gym, gym.reset(task, 0), agent)).messages
    return Demonstration("SearchGym", task.id, "agent", tuple(messages[:-1]))  # nobody speaks after the last feedback
