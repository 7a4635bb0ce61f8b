"""The things that can be thought of, each with a whole table of facts: general knowledge, not a task.

Invariants (tested)
- A source's things differ in their facts, so that each can be found by asking; no name or alias is given twice.
- A thing belongs to one split for ever, decided by its name: one in four is held out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from envs.base import Split
from envs.closed import Answer
from envs.telepathy.attributes import FEATURES, QUESTIONS, Source

HANDWRITTEN = Path(__file__).with_name("things.json")
HELD_OUT_ONE_IN = 4


@dataclass(frozen=True, slots=True)
class Thing:
    """`facts` has an answer for every attribute of the thing's source."""

    name: str
    aliases: tuple[str, ...]
    facts: Mapping[str, Answer]

    @property
    def split(self) -> Split:
        digest = hashlib.sha256(f"telepathy {self.name}".encode()).digest()
        return "heldout" if digest[0] % HELD_OUT_ONE_IN == 0 else "train"


class _Entry(BaseModel):
    """One hand-written thing as it is stored: what is not listed is a no."""

    model_config = ConfigDict(extra="forbid")

    name: str
    yes: str
    maybe: str = ""
    aliases: tuple[str, ...] = ()


@lru_cache(maxsize=2)
def things(source: Source) -> tuple[Thing, ...]:
    """All things of a source, of both splits, in a fixed order."""
    return _handwritten() if source == "handwritten" else tuple(map(_generated, product(*FEATURES.values())))


def _generated(words: tuple[str, ...]) -> Thing:
    """Its name says all its features; the next smaller and the next larger size may pass for its own."""
    sizes = FEATURES["size"]
    place = sizes.index(words[0])
    near = {*sizes[max(0, place - 1) : place], *sizes[place + 1 : place + 2]}
    return Thing(" ".join(words), (), _facts("generated", set(words), near))


def _handwritten() -> tuple[Thing, ...]:
    entries = TypeAdapter(list[_Entry]).validate_json(HANDWRITTEN.read_bytes())
    return tuple(Thing(e.name, e.aliases, _facts("handwritten", set(e.yes.split()), set(e.maybe.split()))) for e in entries)


def _facts(source: Source, yes: set[str], maybe: set[str]) -> dict[str, Answer]:
    if strange := (yes | maybe) - set(QUESTIONS[source]) or yes & maybe:
        raise ValueError(f"The facts {sorted(strange)} are no attributes of {source} things, or stand there twice.")
    return {name: "yes" if name in yes else "maybe" if name in maybe else "no" for name in QUESTIONS[source]}
