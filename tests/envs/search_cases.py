"""What the tests of SearchGym share: one fixed question, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult
from envs.conversation import Episode, converse, drive
from envs.search.gym import SearchGym
from envs.search.task import Hidden, SearchTask, Visible
from envs.speakers import ConstantSpeaker
from envs.verdicts import RuleJudge

START, BRIDGE, ANSWER = "Tekora Lines", "Craysen", "River Pimtish"


def task(**changes: Any) -> SearchTask:
    """The company sits in a town, the town on a river."""
    fields: dict[str, Any] = {
        "id": "river",
        "gym": "SearchGym",
        "split": "train",
        "visible": Visible(question=f"Look up the river of the seat of {START}."),
        "hidden": Hidden(answer=ANSWER, aliases=("Pimtish", "Pimtish River"), chain=("seat", "river"), path=(START, BRIDGE)),
    }
    return SearchTask(**{**fields, **changes})


def gym(judge: Any = None, played: SearchTask | None = None, **params: Any) -> SearchGym:
    made = SearchGym(ConstantSpeaker(""), judge or RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: SearchGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def episode(speaker: Speaker, played: SearchTask, **params: Any) -> Episode:
    made = gym(None, played, **params)
    return drive(converse(made, made.first_view, speaker))
