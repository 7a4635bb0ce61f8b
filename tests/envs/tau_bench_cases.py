"""A package laid out as tau_bench is, with a world, a tool and tasks of our own: theirs is not here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from envs.tau import domain as worlds

POLICY = "Cancel what is asked for."


class Cancel:
    """Their tools are classes with two static methods."""

    @staticmethod
    def get_info() -> dict[str, Any]:
        parameters = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
        return {"type": "function", "function": {"name": "cancel", "description": "Cancels.", "parameters": parameters}}

    @staticmethod
    def invoke(data: dict[str, Any], order: str) -> str:
        data["orders"][order]["status"] = "cancelled"
        return f"{order} cancelled"


def bench(instruction: str, order: str, *outputs: str) -> SimpleNamespace:
    """A task with its right call, and the line that their lists have among the calls."""
    calls = [SimpleNamespace(name="cancel", kwargs={"order": order}), SimpleNamespace(name="respond", kwargs={"content": "x"})]
    return SimpleNamespace(user_id="u", instruction=instruction, actions=calls, outputs=list(outputs))


@contextmanager
def installed() -> Iterator[None]:
    """As if the package were importable."""
    modules = {
        "retail.tasks_train": {"TASKS_TRAIN": [bench("You are Ina and want your vase cancelled.", "o1", "12")]},
        "retail.tasks_test": {"TASKS_TEST": [bench("You are Ole and want your drum cancelled.", "o2")]},
        "airline.tasks_test": {"TASKS": [bench("You are Una and want to stay.", "o1")]},
    }
    for world in ("retail", "airline"):
        modules[f"{world}.data"] = {"load_data": lambda: {"orders": {"o1": {"status": "open"}, "o2": {"status": "open"}}}}
        modules[f"{world}.tools"] = {"ALL_TOOLS": [Cancel]}
        modules[f"{world}.wiki"] = {"WIKI": POLICY}
    with pytest.MonkeyPatch.context() as patch:
        for name, contents in modules.items():
            module = ModuleType(f"tau_bench.envs.{name}")
            vars(module).update(contents)
            patch.setitem(sys.modules, module.__name__, module)
        _forget()
        yield
    _forget()


def _forget() -> None:
    """What was remembered of the worlds."""
    worlds.domain.cache_clear()
    worlds.target.cache_clear()
