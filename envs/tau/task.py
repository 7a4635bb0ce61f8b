"""A customer with an agenda.

Invariants
- `visible` is all the agent may know: where it works and how the customer begins.
- Of `hidden`, `identity`, `requests` and `instruction` are the customer's; `actions` and `outputs` nobody's but the gym's.
- The id is a digest.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from envs.base import Scripted, Split, Task


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visible(_Frozen):
    domain: str
    opening: str = Field(min_length=1)


class Request(_Frozen):
    """One thing the customer wants, and what it knows about it."""

    kind: str
    slots: dict[str, str]


class Action(_Frozen):
    """A call that is right."""

    name: str
    arguments: dict[str, Any]


class Hidden(_Frozen):
    identity: dict[str, str] = {}
    requests: tuple[Request, ...] = ()
    instruction: str = ""
    """What the customer knows and wants in words, where there are no requests."""
    actions: tuple[Action, ...] = ()
    outputs: tuple[str, ...] = ()


class TauTask(Task):
    visible: Visible
    hidden: Hidden

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        return frozenset({"agent", "partner"}) if self.hidden.instruction else frozenset()


def make_task(split: Split, visible: Visible, hidden: Hidden, key: str = "") -> TauTask:
    """The task to serve a customer; `key` tells apart tasks that look the same."""
    text = f"{key} {visible.model_dump_json()} {hidden.model_dump_json()}"
    named = hashlib.sha256(text.encode()).hexdigest()[:12]
    return TauTask(id=f"tau-{visible.domain}-{named}", gym="TauGym", split=split, visible=visible, hidden=hidden)
