"""What the tests of PersuadeGym share: one fixed claim, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult, VerdictRequest
from envs.conversation import Episode, converse, drive
from envs.persuade.gym import PersuadeGym
from envs.persuade.task import Hidden, PersuadeTask, Visible
from envs.persuade.user import PersuadeUser
from envs.persuade.verdict import StanceVerdict
from envs.verdicts import RuleJudge

CLAIM = "Every school needs robots."
REASONS = {"cost": "School robots waste money.", "safety": "School robots risk safety.", "time": "School robots waste time."}
CONCERNS = {"cost": 3, "safety": 2, "time": 1}
COST, SAFETY, TIME = (f"[answer] {reason}" for reason in REASONS.values())


def task(**changes: Any) -> PersuadeTask:
    """Cost weighs three levels, safety two, time one."""
    fields: dict[str, Any] = {
        "id": "robots",
        "gym": "PersuadeGym",
        "split": "train",
        "source": "generated",
        "visible": Visible(claim=CLAIM, opening=f"I say: {CLAIM}"),
        "hidden": Hidden(essay="I have seen them.", reasons=REASONS, concerns=CONCERNS),
    }
    return PersuadeTask(**{**fields, **changes})


class Fixed:
    """A judge that gives these levels in turn, and the last for ever."""

    def __init__(self, *levels: int) -> None:
        self.levels, self.requests = levels, list[VerdictRequest]()

    async def verdict(self, request: VerdictRequest) -> StanceVerdict:
        self.requests.append(request)
        return StanceVerdict(level=self.levels[min(len(self.requests), len(self.levels)) - 1], source="fixed@1")


def gym(partner: Speaker | None = None, judge: Any = None, played: PersuadeTask | None = None, **params: Any) -> PersuadeGym:
    made = PersuadeGym(partner or PersuadeUser(0), judge or RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: PersuadeGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def paid(made: PersuadeGym, *actions: str) -> list[float]:
    return [result.rewards["env"] for result in turns(made, *actions)]


def episode(speaker: Speaker, played: PersuadeTask, partner: Speaker | None = None, **params: Any) -> Episode:
    made = gym(partner, None, played, **params)
    return drive(converse(made, made.first_view, speaker))
