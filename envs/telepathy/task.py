"""A thing somebody thinks of.

Invariants
- `visible` is all the agent may know, and tells nothing about the thing; `hidden` is the thing with its whole fact table.
- The id is a digest: it does not name the thing.
- A thing of a file of UserRL's is described in words (`about`) and has no facts: only a model can answer for it.
"""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from envs.base import Scripted, Split, Task
from envs.closed import Answer
from envs.telepathy.attributes import Origin, Source
from envs.telepathy.things import Thing


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visible(_Frozen):
    opening: str = Field(min_length=1)


class Hidden(_Frozen):
    name: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    facts: dict[str, Answer] = Field(default_factory=dict)
    about: str = ""
    category: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the thing is called."""
        return self.name, *self.aliases


class TelepathyTask(Task):
    source: Origin
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        return frozenset({"agent", "partner"}) if self.source == "userrl" else frozenset()

    @model_validator(mode="after")
    def _known(self) -> Self:
        if bool(self.hidden.facts) == (self.source == "userrl"):
            raise ValueError("a thing of ours has facts, one of UserRL's has none")
        return self


def make_task(thing: Thing, source: Source, split: Split, opening: str) -> TelepathyTask:
    """The task to find a thing."""
    key = hashlib.sha256(f"{source} {thing.name} {opening}".encode()).hexdigest()[:12]
    hidden = Hidden(name=thing.name, aliases=thing.aliases, facts=dict(thing.facts))
    return TelepathyTask(
        id=f"telepathy-{source}-{key}",
        gym="TelepathyGym",
        split=split,
        source=source,
        visible=Visible(opening=opening),
        hidden=hidden,
    )
