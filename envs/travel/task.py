"""A trip to plan: what is wanted, what is wished for, and what can be had.

Invariants
- `visible` is all the agent may know at first: the opening names the aspects and their arguments, no wish and no option.
- A block's best option is the cheapest of those that fit. Its options are listed in the order of their ids, which is part of
  the task: every rollout of a group reads the same list.
- In a trip of a file of UserRL's it is told which option is best, for prices are somewhere among the features. Its options come
  in an order that a digest decides, for their ids tell which fit.
"""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from envs.base import Scripted, Task
from envs.travel.catalogue import LETTERS, Aspect, Origin


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Preference(_Frozen):
    """A wish. `hint` is how the user lets it be known."""

    id: str = Field(pattern=r"^P\d+$")
    aspect: Aspect
    topic: str
    value: str
    hint: str

    @property
    def text(self) -> str:
        return f"{self.topic}: {self.value}"


class Option(_Frozen):
    """Something that can be booked. `features` holds a value by topic."""

    id: str = Field(pattern=r"^[AFCHR]\d+$")
    place: str = ""
    price: NonNegativeInt = 0
    features: dict[str, str]


class Block(_Frozen):
    """One aspect of a trip. `noise` is somewhere else."""

    aspect: Aspect
    arguments: dict[str, str]
    preferences: tuple[Preference, ...] = Field(min_length=1)
    correct: tuple[Option, ...] = Field(min_length=1)
    wrong: tuple[Option, ...] = ()
    noise: tuple[Option, ...] = ()
    best: str = ""
    """The id of the best option, where prices do not tell."""

    @property
    def best_id(self) -> str:
        return self.best or min(self.correct, key=lambda option: option.price).id

    @property
    def correct_ids(self) -> frozenset[str]:
        return frozenset(option.id for option in self.correct)

    @property
    def options(self) -> list[Option]:
        """All of them, as they are listed."""
        options = (*self.correct, *self.wrong, *self.noise)
        if self.best:
            return sorted(options, key=lambda option: hashlib.sha256(f"{self.arguments} {option.id}".encode()).digest())
        return sorted(options, key=lambda option: int(option.id[1:]))

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        ids = [option.id for option in self.options]
        if len(set(ids)) != len(ids) or any(id[0] != LETTERS[self.aspect] for id in ids):
            raise ValueError(f"The ids of a {self.aspect} are {LETTERS[self.aspect]} and a number, each once.")
        if self.best and self.best not in self.correct_ids:
            raise ValueError(f"The best {self.aspect} is {self.best}, which does not fit.")
        return self


class Visible(_Frozen):
    opening: str = Field(min_length=1)


class Hidden(_Frozen):
    situation: str
    """What a judge is told of the trip."""
    blocks: tuple[Block, ...] = Field(min_length=1)

    @property
    def preferences(self) -> tuple[Preference, ...]:
        return tuple(preference for block in self.blocks for preference in block.preferences)


class TravelTask(Task):
    source: Origin
    family: str
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        return frozenset({"agent", "partner", "judge"}) if self.source == "userrl" else frozenset()

    @property
    def aspects(self) -> tuple[Aspect, ...]:
        return tuple(block.aspect for block in self.hidden.blocks)
