"""FunctionGym. Nothing is lost: a rule is a rule. A row has the result only, so it needs its item."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictInt

from envs.base import Split
from envs.function.catalogue import Source
from envs.function.grammar import parse_rule
from envs.function.gym import TOLERANCE
from envs.function.rule import Node, Tree, variables
from envs.function.task import FunctionTask, Hidden, Visible
from envs.function.wording import OPENINGS
from envs.userrl.dialect import BadField, Dialect, Item

Number = Annotated[StrictInt, Field(ge=-99, le=99)]


class _Item(BaseModel):
    id: str = Field(min_length=1)
    rule: str
    test_case: tuple[Number, Number, Number, Number]
    expected_result: float


def from_item(place: str, item: Item, split: Split) -> FunctionTask:
    """The task of an item, if its result is what its rule says."""
    given = _Item.model_validate(item)
    try:
        hidden = Hidden(rule=given.rule, case=given.test_case)
        source = _source(parse_rule(given.rule))
    except ValueError as error:
        reasons = error.errors()[0]["msg"].removeprefix("Value error, ") if hasattr(error, "errors") else str(error)
        raise BadField("rule", reasons) from None
    if not abs(float(hidden.expected) - given.expected_result) <= TOLERANCE:
        raise BadField("expected_result", f"it is {given.expected_result}, but the rule makes {float(hidden.expected)}.")
    opening = OPENINGS[source][split][0]
    visible = Visible(opening=opening)
    return FunctionTask(id=given.id, gym="FunctionGym", split=split, source=source, visible=visible, hidden=hidden)


def _source(tree: Tree) -> Source:
    """Whether a variable is an exponent somewhere."""
    if not isinstance(tree, Node):
        return "square"
    power = tree.operator == "**" and variables(tree.right)
    return "power" if power or "power" in (_source(tree.left), _source(tree.right)) else "square"


def as_item(task: FunctionTask) -> dict[str, Any]:
    """The item of a task."""
    hidden = task.hidden
    return {"id": task.id, "rule": hidden.rule, "test_case": list(hidden.case), "expected_result": float(hidden.expected)}


DIALECT = Dialect(
    gym="FunctionGym",
    data_source="interact_function",
    keys=("id",),
    key=lambda place, item: item.get("id"),
    from_item=from_item,
    from_row=None,
    as_item=as_item,
    kwargs=lambda task: {"id": task.id},
    ground_truth=lambda task: str(float(task.hidden.expected)),
    opening=lambda task: task.visible.opening,
)
