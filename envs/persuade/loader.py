"""The task lists of PersuadeGym: each claim with several believers, who differ in what weighs with them.

Invariant: no claim, opening or wording is in both splits.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import Literal

from envs.base import Split
from envs.persuade.claims import claims
from envs.persuade.task import PersuadeTask, Source, make_task

TASK_SEED = 0
BELIEVERS: dict[Source, int] = {"generated": 8, "handwritten": 2}
"""By source: tasks of each claim."""


def load(
    split: Split,
    source: Literal["generated", "handwritten", "all"] = "generated",
    *,
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[PersuadeTask]:
    """The tasks of a split, at most `count` of each source."""
    if source not in ("generated", "handwritten", "all"):
        raise ValueError(f"There is no source {source!r}; valid: generated, handwritten, all.")
    sources: tuple[Source, ...] = ("generated", "handwritten") if source == "all" else (source,)
    return [task for each in sources for task in _tasks(split, each, seed)[:count]]


@lru_cache(maxsize=8)
def _tasks(split: Split, source: Source, seed: int) -> tuple[PersuadeTask, ...]:
    chosen = [claim for claim in claims(source) if claim.split == split]
    made = [
        make_task(claim.text, claim.essay, claim.reasons, source, split, seed * BELIEVERS[source] + number)
        for number in range(BELIEVERS[source])
        for claim in chosen
    ]
    different = list({task.id: task for task in made}.values())
    random.Random(f"persuade {source} {split} {seed}").shuffle(different)
    return tuple(different)
