"""A question that takes several searches.

Invariants
- `visible` is all the agent may know; `hidden` has the answer and the way to it.
- The id is a digest: it names neither question nor answer.
- A question of a file of UserRL's is about the real world, of which our articles know nothing: it takes the back end `web`.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from envs.base import Scripted, Split, Task


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visible(_Frozen):
    question: str = Field(min_length=1)


class Hidden(_Frozen):
    answer: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    """The relations that lead to the answer."""
    path: tuple[str, ...] = ()
    """The titles of the articles that have to be read, in order."""


class SearchTask(Task):
    source: Literal["world", "userrl"] = "world"
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        return frozenset({"agent"}) if self.source == "userrl" else frozenset()


def make_task(split: Split, question: str, hidden: Hidden) -> SearchTask:
    """The task to answer a question."""
    key = hashlib.sha256(f"search {question}".encode()).hexdigest()[:12]
    return SearchTask(id=f"search-{key}", gym="SearchGym", split=split, visible=Visible(question=question), hidden=hidden)
