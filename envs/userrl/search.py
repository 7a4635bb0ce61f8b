"""SearchGym. A question and its answer, which a row has, too. The questions are about the real world."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from envs.base import Split
from envs.search.task import Hidden, SearchTask, Visible
from envs.userrl.dialect import Dialect, Item, Row


class _Item(BaseModel):
    id: str = Field(min_length=1)
    question: str
    answer: str


def from_item(place: str, item: Item, split: Split) -> SearchTask:
    """The task of an item."""
    given = _Item.model_validate(item)
    return _task(given.id, given.question, given.answer, split)


def from_row(row: Row) -> SearchTask:
    """The task of a row."""
    return _task(row.kwargs["id"], row.opening, row.ground_truth, row.split)


def _task(key: str, question: str, answer: str, split: Split) -> SearchTask:
    visible, hidden = Visible(question=question), Hidden(answer=answer)
    return SearchTask(id=key, gym="SearchGym", split=split, source="userrl", visible=visible, hidden=hidden)


def as_item(task: SearchTask) -> dict[str, Any]:
    """The item of a task; other names of the answer and the way to it are not in it."""
    return {"id": task.id, "question": task.visible.question, "answer": task.hidden.answer}


DIALECT = Dialect(
    gym="SearchGym",
    data_source="interact_searchgym",
    keys=("id",),
    key=lambda place, item: item.get("id"),
    from_item=from_item,
    from_row=from_row,
    as_item=as_item,
    kwargs=lambda task: {"id": task.id},
    ground_truth=lambda task: task.hidden.answer,
    opening=lambda task: task.visible.question,
)
