"""TelepathyGym. A thing is a name and a description in words, without facts; a row says as much as its item.

An item's `id` and `goal` are not kept: our ids are digests, and the goal is always the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pydantic import BaseModel, Field

from envs.base import Split
from envs.telepathy.task import Hidden, TelepathyTask, Visible
from envs.userrl.dialect import Dialect, Item, Row

GOAL = "Name the thing."


class _Item(BaseModel):
    title: str = Field(min_length=1)
    description: str
    target_entity: str
    category: str


def from_item(place: str, item: Item, split: Split) -> TelepathyTask:
    """The task of an item."""
    given = _Item.model_validate(item)
    return _task(given.title, given.description, given.target_entity, given.category, split)


def from_row(row: Row) -> TelepathyTask:
    """The task of a row."""
    return _task(row.kwargs["title"], row.opening, row.ground_truth, row.kwargs["category"], row.split)


def _task(name: str, opening: str, about: str, category: str, split: Split) -> TelepathyTask:
    key = hashlib.sha256(f"userrl {name}".encode()).hexdigest()[:12]  # a title is there once
    return TelepathyTask(
        id=f"telepathy-userrl-{key}",
        gym="TelepathyGym",
        split=split,
        source="userrl",
        visible=Visible(opening=opening),
        hidden=Hidden(name=name, about=about, category=category),
    )


def as_item(task: TelepathyTask) -> dict[str, Any]:
    """The item of a task."""
    hidden = task.hidden
    given = {"title": hidden.name, "description": task.visible.opening, "target_entity": about(task)}
    return {"id": task.id, "goal": GOAL, "category": hidden.category, **given}


def about(task: TelepathyTask) -> str:
    """The description; of a thing of ours, its name and what is true of it."""
    hidden = task.hidden
    true = [fact for fact, answer in hidden.facts.items() if answer == "yes"]
    return hidden.about or f"{hidden.name}: {', '.join(true)}"


DIALECT = Dialect(
    gym="TelepathyGym",
    data_source="interact_telepathygym",
    keys=("title", "category"),
    key=lambda place, item: item.get("title"),
    from_item=from_item,
    from_row=from_row,
    as_item=as_item,
    kwargs=lambda task: {"title": task.hidden.name, "category": task.hidden.category},
    ground_truth=about,
    opening=lambda task: task.visible.opening,
)
