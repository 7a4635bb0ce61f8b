"""What the tests of TelepathyGym share: one fixed thing, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult
from envs.conversation import Episode, converse, drive
from envs.telepathy.gym import TelepathyGym
from envs.telepathy.task import Hidden, TelepathyTask, Visible
from envs.telepathy.things import things
from envs.telepathy.user import TelepathyUser
from envs.verdicts import RuleJudge

LAMP = "small red glass lamp"


def task(name: str = LAMP, **changes: Any) -> TelepathyTask:
    """A generated thing; tiny and large are its maybes."""
    thing = next(thing for thing in things("generated") if thing.name == name)
    fields: dict[str, Any] = {
        "id": "lamp",
        "gym": "TelepathyGym",
        "split": "train",
        "source": "generated",
        "visible": Visible(opening="Guess my thing."),
        "hidden": Hidden(name=thing.name, facts=dict(thing.facts)),
    }
    return TelepathyTask(**{**fields, **changes})


def gym(partner: Speaker | None = None, judge: Any = None, played: TelepathyTask | None = None, **params: Any) -> TelepathyGym:
    made = TelepathyGym(partner or TelepathyUser(0), judge or RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: TelepathyGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def episode(speaker: Speaker, played: TelepathyTask, partner: Speaker | None = None, **params: Any) -> Episode:
    made = gym(partner, None, played, **params)
    return drive(converse(made, made.first_view, speaker))
