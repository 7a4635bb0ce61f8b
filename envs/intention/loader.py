"""The task lists of IntentionGym.

Invariant: generated lists are always the same 4,000 and 400 tasks; hand-written ones come only when asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from envs.base import Split
from envs.intention.generator import generate
from envs.intention.task import Detail, Hidden, IntentionTask, Visible, task_id

COUNTS: dict[Split, int] = {"train": 4000, "heldout": 400}
TASK_SEED = 0
HANDWRITTEN = Path(__file__).with_name("handwritten.json")


class _Entry(BaseModel):
    """One hand-written request as it is stored."""

    model_config = ConfigDict(extra="forbid")

    split: Split
    category: str
    request: str
    details: list[Detail] = Field(min_length=3, max_length=6)


def load(
    split: Split,
    source: Literal["generated", "handwritten", "all"] = "generated",
    *,
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[IntentionTask]:
    """The tasks of a split; `count` and `seed` are the generator's, which has no end."""
    if source not in ("generated", "handwritten", "all"):
        raise ValueError(f"There is no source {source!r}; valid: generated, handwritten, all.")
    generated = COUNTS[split] if count is None else count
    tasks = list(generate(split, generated, seed)) if source != "handwritten" else []
    return tasks + (_handwritten(split) if source != "generated" else [])


def _handwritten(split: Split) -> list[IntentionTask]:
    entries = TypeAdapter(list[_Entry]).validate_json(HANDWRITTEN.read_bytes())
    return [_task(entry) for entry in entries if entry.split == split]


def _task(entry: _Entry) -> IntentionTask:
    visible, hidden = Visible(category=entry.category, request=entry.request), Hidden(details=tuple(entry.details))
    key = task_id("handwritten", visible, hidden)
    return IntentionTask(id=key, gym="IntentionGym", split=entry.split, source="handwritten", visible=visible, hidden=hidden)
