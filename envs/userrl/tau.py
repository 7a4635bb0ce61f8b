"""TauGym. A customer of tau-bench's, described in words, with the opening that was recorded.

Its world comes from the package tau_bench, when it is played. An item has the task of tau-bench under `info.task`; a row has
the opening only, so it needs its item.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasPath, BaseModel, Field

from envs.base import Split
from envs.tau.task import Action, Hidden, TauTask, Visible
from envs.tau.tau_bench import RESPOND
from envs.userrl.dialect import Dialect, Item


class _Action(BaseModel):
    name: str
    arguments: dict[str, Any] = Field(validation_alias=AliasPath("kwargs"))


class _BenchTask(BaseModel):
    instruction: str = Field(min_length=1)
    actions: list[_Action]
    outputs: list[str]


class _Info(BaseModel):
    task: _BenchTask


class _Item(BaseModel):
    id: str = Field(pattern=r"retail|airline")
    obs: str
    info: _Info


def from_item(place: str, item: Item, split: Split) -> TauTask:
    """The task of an item."""
    given = _Item.model_validate(item)
    bench = given.info.task
    actions = tuple(Action(name=each.name, arguments=each.arguments) for each in bench.actions if each.name != RESPOND)
    visible = Visible(domain=f"tau_bench_{'retail' if 'retail' in given.id else 'airline'}", opening=given.obs)
    hidden = Hidden(instruction=bench.instruction, actions=actions, outputs=tuple(bench.outputs))
    return TauTask(id=given.id, gym="TauGym", split=split, visible=visible, hidden=hidden)


def as_item(task: TauTask) -> dict[str, Any]:
    """The item of a task. Identity and requests of our own customers have no place in it but the instruction."""
    hidden = task.hidden
    actions = [{"name": action.name, "kwargs": action.arguments} for action in hidden.actions]
    bench = {"user_id": "", "actions": actions, "instruction": instruction(task), "outputs": list(hidden.outputs)}
    info = {"task": bench, "source": "user", "user_cost": None, "reward_info": None}
    return {"id": task.id, "obs": task.visible.opening, "info": info}


def instruction(task: TauTask) -> str:
    """What a customer is told, in words."""
    hidden = task.hidden
    known = [f"{name} {value}" for name, value in hidden.identity.items()]
    wants = [f"{each.kind}: {', '.join(f'{name} {value}' for name, value in each.slots.items())}" for each in hidden.requests]
    return hidden.instruction or f"You know: {'; '.join(known)}. You want: {'; '.join(wants)}."


DIALECT = Dialect(
    gym="TauGym",
    data_source="interact_taugym",
    keys=("id",),
    key=lambda place, item: item.get("id"),
    from_item=from_item,
    from_row=None,
    as_item=as_item,
    kwargs=lambda task: {"id": task.id},
    ground_truth=lambda task: "",
    opening=lambda task: task.visible.opening,
)
