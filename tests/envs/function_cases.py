"""What the tests of FunctionGym share: one fixed rule, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult
from envs.conversation import Episode, converse, drive
from envs.function.gym import FunctionGym
from envs.function.task import FunctionTask, Hidden, Visible

RULE = "(a + b) / c - d ** 2"
CASE = (2, 5, 3, 4)
EXPECTED = "-41/3"


class Silent:
    """A partner and a judge that may not be asked."""

    async def speak(self, view):
        raise AssertionError("a partner was asked")

    async def verdict(self, request):
        raise AssertionError("a judge was asked")


def task(rule: str = RULE, case: tuple[int, int, int, int] = CASE, **changes: Any) -> FunctionTask:
    fields: dict[str, Any] = {
        "id": "rule",
        "gym": "FunctionGym",
        "split": "train",
        "source": "square",
        "visible": Visible(opening="Find my rule for four numbers."),
        "hidden": Hidden(rule=rule, case=case),
    }
    return FunctionTask(**{**fields, **changes})


def gym(played: FunctionTask | None = None, **params: Any) -> FunctionGym:
    made = FunctionGym(Silent(), Silent(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: FunctionGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def episode(speaker: Speaker, played: FunctionTask, **params: Any) -> Episode:
    made = gym(played, **params)
    return drive(converse(made, made.first_view, speaker))
