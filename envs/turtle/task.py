"""A story of which the agent reads the surface only.

Invariants
- `visible` is all the agent may know; `hidden` is what happened, what may be asked about it, and what an explanation must hold.
- A task's weights are whole hundredths and sum to 100. The id is a digest: it tells nothing.
- What is wrong with a task is said without its story.
- A story of a file of UserRL's is in no catalogue, so it has no values: only models can answer for it and judge explanations.
"""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from envs.base import Scripted, Split, Task
from envs.turtle.wording import OPENINGS, Origin, Source

WHOLE = 100


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visible(_Frozen):
    title: str = ""
    surface: str = Field(min_length=1)
    opening: str = Field(min_length=1)
    """The surface and the question it is told with."""


class Criterion(_Frozen):
    """One thing an explanation should say."""

    statement: str = Field(min_length=1)
    values: tuple[str, ...] = Field(default=(), max_length=2)
    """The same in the words of the catalogue; of two values one alone is worth half."""
    weight: int = Field(ge=1, le=WHOLE)


class Hidden(_Frozen):
    story: str = Field(min_length=1)
    values: dict[str, str] = Field(default_factory=dict)
    """By kind, all that the catalogue says of the story."""
    criteria: tuple[Criterion, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Hidden:
        if sum(criterion.weight for criterion in self.criteria) != WHOLE:
            raise ValueError(f"The weights sum to {sum(c.weight for c in self.criteria)}, not to {WHOLE}.")
        if strange := {value for criterion in self.criteria for value in criterion.values} - set(self.values.values()):
            raise ValueError(f"A criterion asks for {sorted(strange)}, which the story does not have.")
        return self


class TurtleTask(Task):
    source: Origin
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        return frozenset({"agent", "partner", "judge"}) if self.source == "userrl" else frozenset()

    @model_validator(mode="after")
    def _known(self) -> Self:
        told = [bool(criterion.values) for criterion in self.hidden.criteria] + [bool(self.hidden.values)]
        if set(told) != {self.source != "userrl"}:
            raise ValueError("a story of ours and each criterion of it have values of the catalogue, one of UserRL's has none")
        return self


def make_task(surface: str, hidden: Hidden, source: Source, split: Split) -> TurtleTask:
    """The task to explain a surface."""
    key = hashlib.sha256(f"{source} {surface} {hidden.story}".encode()).hexdigest()[:12]
    visible = Visible(surface=surface, opening=f"{surface} {OPENINGS[source][split]}")
    return TurtleTask(id=f"turtle-{source}-{key}", gym="TurtleGym", split=split, source=source, visible=visible, hidden=hidden)
