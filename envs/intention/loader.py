"""The task lists of IntentionGym.

Invariants
- Generated lists are always the same 4,000 and 400 tasks; hand-written ones come only when asked for.
- The domains `medical` and `legal` have no train tasks: nobody learns from what tests another field.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from envs.base import Split
from envs.intention.generator import generate
from envs.intention.task import Detail, Hidden, IntentionTask, Visible, task_id
from envs.registry import unknown

COUNTS: dict[Split, int] = {"train": 4000, "heldout": 400}
TASK_SEED = 0
Source = Literal["generated", "handwritten", "all", "medical", "legal"]
"""`all` is generated and handwritten."""
WRITTEN: tuple[Source, ...] = ("handwritten", "medical", "legal")


class _Entry(BaseModel):
    """One hand-written request as it is stored."""

    model_config = ConfigDict(extra="forbid")

    split: Split
    category: str
    request: str
    details: list[Detail] = Field(min_length=3, max_length=6)


def load(
    split: Split,
    source: Source = "generated",
    *,
    heldout: Source | None = None,
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[IntentionTask]:
    """The tasks of a split; `heldout` is another source for the held-out one, so that what is trained on one field is measured
    on another. `count` and `seed` are the generator's, which has no end. Raises ValueError for an unknown source."""
    for asked in (source, heldout or source):
        if asked not in get_args(Source):
            raise unknown("source", asked, get_args(Source))
    chosen = heldout if heldout is not None and split == "heldout" else source
    generated = list(generate(split, COUNTS[split] if count is None else count, seed)) if chosen in ("generated", "all") else []
    files: dict[Source, list[Source]] = {"generated": [], "all": ["handwritten"]}
    return generated + [task for name in files.get(chosen, [chosen]) for task in written(name, split)]


def written(name: Source, split: Split) -> list[IntentionTask]:
    """The tasks of one of the `WRITTEN` lists."""
    entries = TypeAdapter(list[_Entry]).validate_json(Path(__file__).with_name(f"{name}.json").read_bytes())
    return [_task(name, entry) for entry in entries if entry.split == split]


def _task(name: str, entry: _Entry) -> IntentionTask:
    visible, hidden = Visible(category=entry.category, request=entry.request), Hidden(details=tuple(entry.details))
    key = task_id(name, visible, hidden)
    return IntentionTask(id=key, gym="IntentionGym", split=entry.split, source="handwritten", visible=visible, hidden=hidden)
