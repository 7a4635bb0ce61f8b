"""The task lists of TurtleGym.

Invariant: no story, opening or wording is in both splits.
"""

from __future__ import annotations

import random
from typing import Literal

from envs.base import Split
from envs.turtle.generator import generate
from envs.turtle.stories import split_of, stories
from envs.turtle.task import TurtleTask, make_task

TASK_SEED = 0
COUNTS: dict[Split, int] = {"train": 4000, "heldout": 400}


def load(
    split: Split,
    source: Literal["generated", "handwritten", "all"] = "generated",
    *,
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[TurtleTask]:
    """The tasks of a split, at most `count` of each source (generated: exactly as many, if given)."""
    if source not in ("generated", "handwritten", "all"):
        raise ValueError(f"There is no source {source!r}; valid: generated, handwritten, all.")
    generated = () if source == "handwritten" else generate(split, COUNTS[split] if count is None else count, seed)
    handwritten = [] if source == "generated" else _handwritten(split, seed)[:count]
    return [*generated, *handwritten]


def _handwritten(split: Split, seed: int) -> list[TurtleTask]:
    chosen = [story for story in stories() if split_of(story[0]) == split]
    random.Random(f"turtle handwritten {split} {seed}").shuffle(chosen)
    return [make_task(surface, hidden, "handwritten", split) for surface, hidden in chosen]
