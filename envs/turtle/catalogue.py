"""What may be true of a story of TurtleGym, and in which words it is asked and told: general knowledge, not a task.

A story has one *value* of every *kind* of its source (who, where, what, why, how). A *fact* is true of a story that has one of
its values; a value is a fact of its own, and hand-written kinds have groups of values besides.

Invariants (tested)
- Within a source no word belongs to two facts, so a word that is said means one fact or none.
- No wording of the one split is used in the other: questions and explanations here, openings in `wording.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from envs.base import Split
from envs.turtle.values import CLAUSES, FRAMES, GENERATED, GROUPS, HANDWRITTEN
from envs.turtle.wording import Source

Forms = Mapping[Split, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Fact:
    """`values` are those it is true with; `words` are what it is known by."""

    name: str
    kind: str
    values: frozenset[str]
    words: frozenset[str]
    questions: Forms

    @property
    def is_value(self) -> bool:
        """Whether an explanation can state it."""
        return self.values == {self.name}


class Catalogue:
    """Everything that can be asked and told about the stories of a source."""

    def __init__(self, source: Source) -> None:
        self.clauses: Mapping[Split, Mapping[str, str]] = CLAUSES[source]
        table = GENERATED if source == "generated" else HANDWRITTEN
        self.kinds = {kind: tuple(values) for kind, values in table.items()}
        groups = _groups() if source == "handwritten" else ()
        frames = FRAMES[source]
        values = (_value(name, kind, words, frames) for kind, values in table.items() for name, words in values.items())
        self.facts = {fact.name: fact for fact in chain(groups, values)}
        self.meaning = {word: fact for fact in self.facts.values() for word in fact.words}
        """What a word means."""

    def explanation(self, values: Mapping[str, str], split: Split) -> str:
        """The values of the kinds, told."""
        return " ".join(self.clauses[split][kind].format(value=value) for kind, value in values.items())


@lru_cache(maxsize=2)
def catalogue(source: Source) -> Catalogue:
    """The catalogue of a source."""
    return Catalogue(source)


def _value(name: str, kind: str, synonyms: str, frames: Mapping[Split, Mapping[str, str]]) -> Fact:
    questions: dict[Split, tuple[str, ...]] = {split: (frames[split][kind].format(value=name),) for split in frames}
    return Fact(name, kind, frozenset([name]), frozenset([name, *synonyms.split()]), questions)


def _groups() -> list[Fact]:
    made = []
    for kind, groups in GROUPS.items():
        for name, (values, words, train, heldout) in groups.items():
            forms: Forms = {"train": (train,), "heldout": (heldout,)}
            made.append(Fact(name, kind, frozenset(values.split()), frozenset(words.split()), forms))
    return made
