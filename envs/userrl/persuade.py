"""PersuadeGym. A claim with the believer's own essay, which a row has, too. What weighs with the believer is in neither."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from envs.base import Split
from envs.persuade.task import Hidden, PersuadeTask, Visible
from envs.userrl.dialect import Dialect, Item, Row


class _Item(BaseModel):
    id: str = Field(min_length=1)
    claim: str = Field(min_length=1)
    argument: str = Field(min_length=1)


def from_item(place: str, item: Item, split: Split) -> PersuadeTask:
    """The task of an item."""
    given = _Item.model_validate(item)
    return PersuadeTask(
        id=given.id,
        gym="PersuadeGym",
        split=split,
        source="userrl",
        visible=Visible(claim=given.claim, opening=given.claim),
        hidden=Hidden(essay=given.argument),
    )


def kwargs(task: PersuadeTask) -> dict[str, str]:
    """What an item has, and a row, too."""
    return {"id": task.id, "claim": task.visible.claim, "argument": task.hidden.essay}


def as_item(task: PersuadeTask) -> dict[str, Any]:
    """The item of a task. Reasons and concerns of our own believers are not in it."""
    return dict(kwargs(task))


def from_row(row: Row) -> PersuadeTask:
    """The task of a row."""
    return from_item("", row.kwargs, row.split)


DIALECT = Dialect(
    gym="PersuadeGym",
    data_source="interact_persuade",
    keys=("id", "claim", "argument"),
    key=lambda place, item: item.get("id"),
    from_item=from_item,
    from_row=from_row,
    as_item=as_item,
    kwargs=kwargs,
    ground_truth=lambda task: task.visible.claim,
    opening=lambda task: task.visible.claim,
)
