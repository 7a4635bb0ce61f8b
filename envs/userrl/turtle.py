"""TurtleGym. A story with weighted criteria, all in free words. A row does not have the criteria, so it needs its item."""

from __future__ import annotations

import hashlib
import math
from typing import Any, Literal

from pydantic import BaseModel, Field

from envs.base import Split
from envs.turtle.task import WHOLE, Criterion, Hidden, TurtleTask, Visible
from envs.userrl.dialect import BadField, Dialect, Item


class _Scored(BaseModel):
    statement: str = Field(min_length=1)
    score: float = Field(allow_inf_nan=False)


class _Item(BaseModel):
    judgment: Literal["Yes"]
    """UserRL's own loader leaves out all others."""
    new_title: str
    new_surface: str
    new_bottom: str
    evaluation: list[_Scored] = Field(min_length=1)


def from_item(place: str, item: Item, split: Split) -> TurtleTask:
    """The task of an item. Weights must be whole hundredths that sum to 1; in floats they may miss it by a rounding error."""
    given = _Item.model_validate(item)
    criteria = tuple(_criterion(number, each) for number, each in enumerate(given.evaluation))
    if (total := sum(criterion.weight for criterion in criteria)) != WHOLE:
        raise BadField("evaluation", f"the scores sum to {total / WHOLE}, not to 1.")
    hidden = Hidden(story=given.new_bottom, criteria=criteria)
    title, surface = given.new_title, given.new_surface
    key = hashlib.sha256(f"userrl {title} {surface} {given.new_bottom}".encode()).hexdigest()[:12]
    return TurtleTask(
        id=f"turtle-userrl-{key}",
        gym="TurtleGym",
        split=split,
        source="userrl",
        visible=Visible(title=title, surface=surface, opening=f"{title}: {surface}"),
        hidden=hidden,
    )


def _criterion(number: int, given: _Scored) -> Criterion:
    weight = given.score * WHOLE
    if not math.isclose(weight, round(weight), abs_tol=1e-6) or not 1 <= round(weight) <= WHOLE:
        raise BadField(f"evaluation.{number}.score", f"it is {given.score}, not one of 0.01, 0.02, …, 1.")
    return Criterion(statement=given.statement, weight=round(weight))


def as_item(task: TurtleTask) -> dict[str, Any]:
    """The item of a task. The catalogue's values of our own stories are not in it."""
    evaluation = [{"statement": each.statement, "score": each.weight / WHOLE} for each in task.hidden.criteria]
    told = {"new_title": title(task), "new_surface": task.visible.surface, "new_bottom": task.hidden.story}
    return {"judgment": "Yes", **told, "evaluation": evaluation}


def title(task: TurtleTask) -> str:
    """By which a story is found; ours have none but their ids."""
    return task.visible.title or task.id


DIALECT = Dialect(
    gym="TurtleGym",
    data_source="interact_turtlegym",
    keys=("title", "surface", "bottom"),
    key=lambda place, item: item.get("new_title"),
    from_item=from_item,
    from_row=None,
    as_item=as_item,
    kwargs=lambda task: {"title": title(task), "surface": task.visible.surface, "bottom": task.hidden.story},
    ground_truth=lambda task: task.hidden.story,
    opening=lambda task: f"{title(task)}: {task.visible.surface}",
    place=lambda number, task: str(number),
)
