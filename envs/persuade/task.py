"""A claim that somebody believes.

Invariants
- `visible` is all the agent may know; `hidden` is the believer's essay, the reasons against it, and what weighs how much.
- The weights of the concerns sum to `LEVELS`: who meets them all has changed a mind wholly.
- What weighs with the believer of a file of UserRL's is not known (no concerns): only models can believe and judge.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from envs.base import Scripted, Split, Task
from envs.persuade.topics import TOPICS

Source = Literal["generated", "handwritten"]
Origin = Source | Literal["userrl"]
STANCES = (
    *("Strongly Agree", "Agree", "Partly Agree", "Neutral"),
    *("Partly Disagree", "Disagree", "Strongly Disagree"),
)
LEVELS = len(STANCES) - 1
WEIGHTS = (3, 2, 1)

OPENINGS: dict[Split, tuple[str, ...]] = {
    "train": (
        *("I say: {claim}", "I believe this: {claim}", "Here is what I think. {claim}"),
        *("So I say it. {claim}", "This I believe. {claim}", "What I think is this: {claim}"),
    ),
    "heldout": ("I think so: {claim}", "This is what I say. {claim}"),
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visible(_Frozen):
    claim: str = Field(min_length=1)
    opening: str = Field(min_length=1)


class Hidden(_Frozen):
    essay: str = Field(min_length=1)
    reasons: dict[str, str] = Field(default_factory=dict)
    """By topic, a reason against the claim."""
    concerns: dict[str, int] = Field(default_factory=dict)
    """By topic, how many levels a reason of it moves the believer."""

    @model_validator(mode="after")
    def _whole(self) -> Hidden:
        if self.concerns and (sum(self.concerns.values()) != LEVELS or min(self.concerns.values()) < 1):
            raise ValueError(f"The weights of the concerns are {self.concerns}, but they are positive and sum to {LEVELS}.")
        if strange := [topic for topic in self.reasons if topic not in TOPICS]:
            raise ValueError(f"There is no topic {strange[0]!r}; valid: {', '.join(TOPICS)}.")
        if missing := [topic for topic in self.concerns if topic not in self.reasons]:
            raise ValueError(f"There is no reason for the concern {missing[0]!r}.")
        return self


class PersuadeTask(Task):
    source: Origin
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        return frozenset({"agent", "partner", "judge"}) if self.source == "userrl" else frozenset()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if bool(self.hidden.concerns) == (self.source == "userrl"):
            raise ValueError("a believer of ours has concerns, one of UserRL's has none")
        return self


def make_task(claim: str, essay: str, reasons: Mapping[str, str], source: Source, split: Split, seed: int) -> PersuadeTask:
    """The task to change a believer's mind; which reasons weigh with the believer is drawn."""
    rng = random.Random(f"persuade {claim} {seed}")
    concerns = dict(zip(rng.sample(sorted(reasons), len(WEIGHTS)), WEIGHTS, strict=True))
    opening = rng.choice(OPENINGS[split]).format(claim=claim)
    key = hashlib.sha256(f"{source} {claim} {sorted(concerns)} {opening}".encode()).hexdigest()[:12]
    return PersuadeTask(
        id=f"persuade-{source}-{key}",
        gym="PersuadeGym",
        split=split,
        source=source,
        visible=Visible(claim=claim, opening=opening),
        hidden=Hidden(essay=essay, reasons=dict(reasons), concerns=concerns),
    )
