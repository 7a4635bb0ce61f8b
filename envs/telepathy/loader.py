"""The task lists of TelepathyGym: one task per thing, in an order and with openings that a seed decides.

Invariant: no thing, opening or wording of a question is in both splits.
"""

from __future__ import annotations

import random
from typing import Literal

from envs.base import Split
from envs.telepathy.attributes import Source
from envs.telepathy.task import TelepathyTask, make_task
from envs.telepathy.things import things
from envs.telepathy.wording import OPENINGS

TASK_SEED = 0


def load(
    split: Split,
    source: Literal["generated", "handwritten", "all"] = "generated",
    *,
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[TelepathyTask]:
    """The tasks of a split, at most `count` of each source."""
    if source not in ("generated", "handwritten", "all"):
        raise ValueError(f"There is no source {source!r}; valid: generated, handwritten, all.")
    sources: tuple[Source, ...] = ("generated", "handwritten") if source == "all" else (source,)
    return [task for each in sources for task in _tasks(split, each, seed)[:count]]


def _tasks(split: Split, source: Source, seed: int) -> list[TelepathyTask]:
    rng = random.Random(f"telepathy {source} {split} {seed}")
    chosen = [thing for thing in things(source) if thing.split == split]
    rng.shuffle(chosen)
    return [make_task(thing, source, split, rng.choice(OPENINGS[source][split])) for thing in chosen]
