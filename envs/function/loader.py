"""The task lists of FunctionGym: rules of the catalogue with test cases, as many as are asked for, decided by a seed.

Invariant: no rule, shape of a rule or opening is in both splits; no task is twice in a list.
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Literal

from envs.base import Split
from envs.function.catalogue import SOURCES, Source, rules
from envs.function.rule import Undefined, text
from envs.function.task import FunctionTask, make_task, value
from envs.function.wording import OPENINGS

TASK_SEED = 0
COUNTS: dict[Split, int] = {"train": 4000, "heldout": 400}
NUMBERS = range(1, 11)
"""Of a test case; its four are different, so that a difference is never 0."""
LARGEST = 10**6
"""Of a result."""


def load(
    split: Split, source: Literal["square", "power", "all"] = "square", *, count: int | None = None, seed: int = TASK_SEED
) -> list[FunctionTask]:
    """`count` tasks of each source. Raises ValueError."""
    if source not in (*SOURCES, "all"):
        raise ValueError(f"There is no source {source!r}; valid: {', '.join(SOURCES)}, all.")
    sources = SOURCES if source == "all" else (source,)
    return [task for each in sources for task in _tasks(split, each, COUNTS[split] if count is None else count, seed)]


def _tasks(split: Split, source: Source, count: int, seed: int) -> list[FunctionTask]:
    rng = random.Random(f"function {source} {split} {seed}")
    chosen = [text(rule.tree) for rule in rules(source) if rule.split == split]
    tasks: dict[tuple[str, int, int, int, int], FunctionTask] = {}
    while len(tasks) < count:
        rule = rng.choice(chosen)
        a, b, c, d = rng.sample(NUMBERS, 4)
        opening = rng.choice(OPENINGS[source][split])
        if (rule, a, b, c, d) not in tasks and _is_small(rule, (a, b, c, d)):
            tasks[rule, a, b, c, d] = make_task(rule, (a, b, c, d), source, split, opening)
    return list(tasks.values())


def _is_small(rule: str, case: tuple[int, ...]) -> bool:
    try:
        return abs(value(rule, tuple(map(Fraction, case)))) <= LARGEST
    except Undefined:
        return False
