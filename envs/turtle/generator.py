"""Composed stories: a scene and an event that everybody sees, and who, where, what and why behind them.

Invariants (tested)
- The same `(split, count, seed)` gives the same stories; those of a smaller count come first.
- Values that go together belong to one split for ever, decided by their hash, whatever the scene and the event; and no template
  of a surface, of a hidden story or of a criterion is used in both.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping
from functools import lru_cache

from envs.base import Split
from envs.turtle.task import Criterion, Hidden, TurtleTask, make_task
from envs.turtle.values import BOTTOMS, EVENTS, SCENES, STATEMENTS, SURFACES

HELD_OUT_ONE_IN = 8
WEIGHTS = {4: (40, 30, 20, 10), 3: (50, 30, 20)}
"""By the number of criteria; of three the first holds two values."""


@lru_cache(maxsize=4)
def generate(split: Split, count: int, seed: int) -> tuple[TurtleTask, ...]:
    """`count` different tasks."""
    made: dict[str, TurtleTask] = {}
    for task in _endless(split, random.Random(f"turtle {split} {seed}")):
        made.setdefault(task.id, task)
        if len(made) >= count:
            return tuple(made.values())[:count]
    raise AssertionError("unreachable: the generator is endless")


def candidates(scene: str, event: str) -> dict[str, tuple[str, ...]]:
    """By kind, what a surface of this scene and event leaves possible."""
    listed = zip(("who", "where", "what", "why"), (*SCENES[scene], *EVENTS[event]), strict=True)
    return {kind: tuple(values.split()) for kind, values in listed}


def _endless(split: Split, rng: random.Random) -> Iterator[TurtleTask]:
    while True:
        scene, event = rng.choice(list(SCENES)), rng.choice(list(EVENTS))
        values = {kind: rng.choice(possible) for kind, possible in candidates(scene, event).items()}
        if _split_of(values) != split:
            continue
        surface = rng.choice(SURFACES[split]).format(scene=scene, event=event)
        hidden = Hidden(story=BOTTOMS[split].format(**values), values=values, criteria=_criteria(values, split, rng))
        yield make_task(surface, hidden, "generated", split)


def _split_of(values: Mapping[str, str]) -> Split:
    digest = hashlib.sha256(" ".join(["turtle", *values.values()]).encode()).digest()
    return "heldout" if digest[0] % HELD_OUT_ONE_IN == 0 else "train"


def _criteria(values: Mapping[str, str], split: Split, rng: random.Random) -> tuple[Criterion, ...]:
    """Each kind by itself, or two of them in one; which weighs most is not to be seen."""
    kinds = rng.sample(list(values), len(values))
    parts = [kinds[:2], *([kind] for kind in kinds[2:])] if rng.random() < 0.5 else [[kind] for kind in kinds]
    return tuple(
        Criterion(
            statement=" ".join(STATEMENTS[split][kind].format(value=values[kind]) for kind in part),
            values=tuple(values[kind] for kind in part),
            weight=weight,
        )
        for part, weight in zip(parts, WEIGHTS[len(parts)], strict=True)
    )
