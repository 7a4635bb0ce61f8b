"""The hand-written stories, as they are stored: plots and sentences of our own.

Invariant: a story belongs to one split for ever, decided by its surface: one in four is held out.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from envs.base import Split
from envs.turtle.catalogue import catalogue
from envs.turtle.task import Criterion, Hidden

STORIES = Path(__file__).with_name("stories.json")
HELD_OUT_ONE_IN = 4


class _Entry(BaseModel):
    """`values` has one word for each kind; a criterion is its weight, its values and its statement."""

    model_config = ConfigDict(extra="forbid")

    surface: str
    story: str
    values: str
    criteria: list[tuple[int, str, str]] = Field(min_length=2, max_length=5)


@lru_cache(maxsize=1)
def stories() -> tuple[tuple[str, Hidden], ...]:
    """All surfaces with what is behind them, of both splits, in a fixed order."""
    return tuple(_read(entry) for entry in TypeAdapter(list[_Entry]).validate_json(STORIES.read_bytes()))


def split_of(surface: str) -> Split:
    """Where a story belongs."""
    digest = hashlib.sha256(f"story {surface}".encode()).digest()
    return "heldout" if digest[0] % HELD_OUT_ONE_IN == 0 else "train"


def _read(entry: _Entry) -> tuple[str, Hidden]:
    kinds = catalogue("handwritten").kinds
    values = dict(zip(kinds, entry.values.split(), strict=True))
    if strange := [value for kind, value in values.items() if value not in kinds[kind]]:
        raise ValueError(f"{strange[0]!r} is no value of its kind, in the story: {entry.surface}")
    criteria = tuple(
        Criterion(weight=weight, values=tuple(facts.split()), statement=said) for weight, facts, said in entry.criteria
    )
    return entry.surface, Hidden(story=entry.story, values=values, criteria=criteria)
