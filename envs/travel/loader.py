"""The task lists of TravelGym: trips of the difficulty families, as many as are asked for, decided by a seed.

Invariant: no block, hint, opening or wording is in both splits.
"""

from __future__ import annotations

import random
from typing import Literal

from envs.base import Split
from envs.travel.catalogue import FAMILIES, SOURCES, Source
from envs.travel.generator import make_task
from envs.travel.task import TravelTask

TASK_SEED = 0
COUNTS: dict[Split, int] = {"train": 1000, "heldout": 100}


def load(
    split: Split,
    source: Literal["compact", "rich", "all"] = "compact",
    *,
    family: str = "22",
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[TravelTask]:
    """`count` tasks of each source and family; `family` may be "all". Raises ValueError."""
    if source not in (*SOURCES, "all"):
        raise ValueError(f"There is no source {source!r}; valid: {', '.join(SOURCES)}, all.")
    if family not in (*FAMILIES, "all"):
        raise ValueError(f"There is no family {family!r}; valid: {', '.join(FAMILIES)}, all.")
    sources: tuple[Source, ...] = SOURCES if source == "all" else (source,)
    families = FAMILIES if family == "all" else (family,)
    length = COUNTS[split] if count is None else count
    return [task for each in sources for digits in families for task in _tasks(split, each, digits, length, seed)]


def _tasks(split: Split, source: Source, family: str, count: int, seed: int) -> list[TravelTask]:
    rng = random.Random(f"travel {source} {family} {split} {seed}")
    return [make_task(rng, family, source, split) for _ in range(count)]
