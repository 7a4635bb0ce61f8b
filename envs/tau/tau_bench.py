"""tau-bench's own worlds and tasks, where its package is installed: `gyms.tasks: {TauGym: {source: tau_bench}}`.

Nothing here is imported unless asked for. Their customers are described in words, so they take a language model as customer and
begin with a sentence of ours, which the customer is told it said: nobody remembers another opening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from envs.base import Split
from envs.tau.domain import Domain
from envs.tau.task import Action, Hidden, TauTask, Visible, make_task
from envs.tau.tools import ERROR, Database

OPENING = "Hello, I need your help."
RESPOND = "respond"
TASKS: dict[Split, tuple[tuple[str, str, str], ...]] = {
    "train": (("retail", "tasks_train", "TASKS_TRAIN"),),
    "heldout": (("retail", "tasks_test", "TASKS_TEST"), ("airline", "tasks_test", "TASKS")),
}
"""By split the worlds with the module and the name of their task lists."""


@dataclass(frozen=True, slots=True)
class BenchTool:
    """One of their tool classes, `get_info()` and `invoke(data, **arguments)`, as the gym calls tools."""

    their: Any

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.schema()["name"])

    def schema(self) -> dict[str, Any]:
        """See `envs.tau.tools.Tool`."""
        function: dict[str, Any] = self.their.get_info()["function"]
        return function

    def invoke(self, data: Database, arguments: Mapping[str, Any]) -> str:
        """Their tools fail in any way; to tau-bench, too, that is an answer."""
        try:
            return str(self.their.invoke(data=data, **arguments))
        except Exception as error:
            return f"{ERROR}{error}"


def bench_domain(name: str) -> Domain:
    """One of their worlds, `retail` or `airline`."""
    text = json.dumps(_module(f"{name}.data").load_data())
    tools = [BenchTool(each) for each in _module(f"{name}.tools").ALL_TOOLS]
    return Domain(lambda: json.loads(text), {tool.name: tool for tool in tools}, _module(f"{name}.wiki").WIKI)


def bench_tasks(split: Split) -> list[TauTask]:
    """Their tasks; their train tasks exist for the shop only."""
    listed = [(world, getattr(_module(f"{world}.{module}"), name)) for world, module, name in TASKS[split]]
    return [bench_task(split, world, place, each) for world, tasks in listed for place, each in enumerate(tasks)]


def bench_task(split: Split, world: str, place: int, their: Any) -> TauTask:
    """One of their tasks: `instruction`, `outputs` and `actions`, each with `name` and `kwargs`."""
    actions = tuple(Action(name=each.name, arguments=dict(each.kwargs)) for each in their.actions if each.name != RESPOND)
    hidden = Hidden(instruction=their.instruction, actions=actions, outputs=tuple(their.outputs))
    return make_task(split, Visible(domain=f"tau_bench_{world}", opening=OPENING), hidden, key=str(place))


def _module(name: str) -> Any:
    try:
        return import_module(f"tau_bench.envs.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "tau_bench":
            raise
        raise ValueError("source is 'tau_bench', but the package tau_bench is not installed here.") from None
