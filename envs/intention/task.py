"""A request that leaves details open.

Invariants
- `visible` is all the agent may know. `hidden` holds the missing details, 1 to 9 of them, each slot once.
- What a generated request already states is read from its text (`mentioned`), so it is stored once.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from envs.base import Scripted, Split, Task
from envs.intention.catalogue import SLOTS
from envs.intention.grammar import facts

Source = Literal["generated", "handwritten", "userrl"]
"""`userrl`: read from a file of UserRL's."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Detail(_Frozen):
    """One thing the request leaves open."""

    slot: str = Field(pattern=r"^\w+$")
    """Its one-word name."""
    description: str = Field(min_length=1)
    importance: int = Field(ge=1, le=3)
    inquiries: tuple[str, ...] = Field(min_length=1)
    """Model questions for it."""
    value: str = Field(min_length=1)


class Visible(_Frozen):
    category: str
    request: str = Field(min_length=1)


class Hidden(_Frozen):
    details: tuple[Detail, ...] = Field(min_length=1, max_length=9)

    @field_validator("details")
    @classmethod
    def _slots_once(cls, details: tuple[Detail, ...]) -> tuple[Detail, ...]:
        if len({detail.slot for detail in details}) < len(details):
            raise ValueError("a slot is listed twice")
        return details


class IntentionTask(Task):
    source: Source
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        """User and judge go by the model questions, as with our hand-written tasks; our agents know our lists only."""
        return frozenset({"agent"}) if self.source == "userrl" else frozenset()

    @property
    def mentioned(self) -> dict[str, str]:
        """What the request already states, slot to value."""
        return dict(facts(self.visible.request)) if self.source == "generated" else {}

    @property
    def slot_names(self) -> frozenset[str]:
        """The words that name a slot when questions are counted."""
        own = {detail.slot for detail in self.hidden.details}
        return frozenset(own.union(SLOTS) if self.source == "generated" else own)


def split_of(request: str) -> Split:
    """The split a request text belongs to, for ever: one in eight is held out."""
    return "heldout" if hashlib.sha256(request.encode()).digest()[0] % 8 == 0 else "train"


def task_id(origin: str, visible: Visible, hidden: Hidden) -> str:
    """A stable identifier of a task's content, led by the list it comes from."""
    content = f"{visible.model_dump_json()}{hidden.model_dump_json()}"
    return f"intention-{origin}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
