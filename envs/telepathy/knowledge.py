"""What a well-read player knows: which things answer what to which question. One bit per thing, so that thousands of
conversations are quick.
"""

from __future__ import annotations

from functools import lru_cache
from typing import get_args

from envs.base import Split
from envs.closed import SAID, Answer
from envs.telepathy.attributes import QUESTIONS, Source
from envs.telepathy.things import things

SPLITS: tuple[Split, ...] = get_args(Split)


class Knowledge:
    """The things of a source; a set of them is an integer."""

    def __init__(self, source: Source) -> None:
        self.names = [thing.name for thing in things(source)]
        self.everything = (1 << len(self.names)) - 1
        self._of_split: dict[Split, int] = {
            split: sum(1 << place for place, thing in enumerate(things(source)) if thing.split == split) for split in SPLITS
        }
        self._answering: dict[tuple[str, Answer], int] = {
            (attribute, answer): sum(1 << place for place, fact in enumerate(facts) if fact == answer)
            for attribute in QUESTIONS[source]
            for facts in [[thing.facts[attribute] for thing in things(source)]]
            for answer in SAID
        }
        self._named: dict[str, int] = {
            attribute: sum(1 << place for place, name in enumerate(self.names) if attribute in name.split())
            for attribute in QUESTIONS[source]
        }

    def after(self, possible: int, attribute: str, answer: Answer) -> int:
        """What is still possible after an answer; one that contradicts all others is not believed."""
        return possible & self._answering[attribute, answer] or possible

    def without(self, possible: int, name: str) -> int:
        """What is still possible after a wrong guess."""
        return possible & ~(1 << self.names.index(name)) or self.everything

    def left(self, possible: int, attribute: str) -> int:
        """How many things are left, at worst, after asking."""
        return max((possible & self._answering[attribute, answer]).bit_count() for answer in SAID)

    def certain(self, possible: int) -> list[str]:
        """The attributes that stand in the name of everything that is possible."""
        return [attribute for attribute, named in self._named.items() if named and not possible & ~named]

    def guesses(self, possible: int, split: Split) -> list[str]:
        """The names of what is possible, those of a split if there are any: what is held out is not said elsewhere."""
        named = possible & self._of_split[split] or possible
        return [name for place, name in enumerate(self.names) if named >> place & 1]


@lru_cache(maxsize=2)
def knowledge(source: Source) -> Knowledge:
    """Everything about the things of a source."""
    return Knowledge(source)
