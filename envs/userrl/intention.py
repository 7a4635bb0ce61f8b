"""IntentionGym. An item says what is missing, how important it is and how it may be asked for; never what the answer is.

The user wants the first of a detail's `options`, and has no preference where there are none. A row alone only lists what
is missing, so it needs its item.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from envs.base import Split
from envs.intention.task import Detail, Hidden, IntentionTask, Visible
from envs.text import words
from envs.userrl.dialect import Dialect, Item

NO_PREFERENCE = "no preference"


class _Missing(BaseModel):
    description: str
    importance: Literal["1", "2", "3"]
    inquiry: str = Field(min_length=1)
    options: list[str] = Field(default_factory=list)


class _Item(BaseModel):
    id: str = Field(min_length=1)
    category: str
    task: str
    missing_details: list[_Missing]


def from_item(place: str, item: Item, split: Split) -> IntentionTask:
    """The task of an item."""
    given = _Item.model_validate(item)
    slots = list[str]()
    for missing in given.missing_details:
        slots.append(_slot(missing.description, slots))
    details = tuple(_detail(slot, missing) for slot, missing in zip(slots, given.missing_details, strict=True))
    return IntentionTask(
        id=given.id,
        gym="IntentionGym",
        split=split,
        source="userrl",
        visible=Visible(category=given.category, request=given.task),
        hidden=Hidden(details=details),
    )


def _detail(slot: str, missing: _Missing) -> Detail:
    value = next((option for option in missing.options if option.strip()), NO_PREFERENCE)
    importance, inquiries = int(missing.importance), (missing.inquiry,)
    return Detail(slot=slot, description=missing.description, importance=importance, inquiries=inquiries, value=value)


def _slot(description: str, taken: list[str]) -> str:
    """A name made of a description's words; a number tells apart those that are alike."""
    name = "_".join(words(description)) or "detail"
    return name if name not in taken else next(f"{name}_{n}" for n in range(2, 99) if f"{name}_{n}" not in taken)


def as_item(task: IntentionTask) -> dict[str, Any]:
    """The item of a task. Of several model questions it has the first."""
    missing = [
        {"description": d.description, "importance": str(d.importance), "inquiry": d.inquiries[0], "options": [d.value]}
        for d in task.hidden.details
    ]
    return {"id": task.id, "category": task.visible.category, "task": task.visible.request, "missing_details": missing}


DIALECT = Dialect(
    gym="IntentionGym",
    data_source="interact_intention",
    keys=("id", "task", "category"),
    key=lambda place, item: item.get("id"),
    from_item=from_item,
    from_row=None,
    as_item=as_item,
    kwargs=lambda task: {"id": task.id, "task": task.visible.request, "category": task.visible.category},
    ground_truth=lambda task: ", ".join(detail.description for detail in task.hidden.details),
    opening=lambda task: f"{task.visible.category}: {task.visible.request}",
)
