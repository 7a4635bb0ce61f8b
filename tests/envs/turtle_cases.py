"""What the tests of TurtleGym share: one fixed story, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult, VerdictRequest
from envs.conversation import Episode, converse, drive
from envs.turtle.gym import TurtleGym
from envs.turtle.task import Criterion, Hidden, TurtleTask, Visible
from envs.turtle.user import TurtleUser
from envs.turtle.verdict import ExplanationVerdict
from envs.verdicts import RuleJudge

VALUES = {"who": "sailor", "where": "cave", "what": "rope", "why": "fear"}
RIGHT = "The sailor in the cave with the rope for fear."
CRITERIA = (
    Criterion(statement="It is the sailor.", values=("sailor",), weight=50),
    Criterion(statement="It is in the cave. It has the rope.", values=("cave", "rope"), weight=20),
    Criterion(statement="It is for fear.", values=("fear",), weight=30),
)


def task(**changes: Any) -> TurtleTask:
    """A composed story; weights .5, .2 and .3."""
    fields: dict[str, Any] = {
        "id": "rope",
        "gym": "TurtleGym",
        "split": "train",
        "source": "generated",
        "visible": Visible(surface="There was dust in the island.", opening="There was dust in the island. Why?"),
        "hidden": Hidden(story="The sailor was in the cave.", values=VALUES, criteria=CRITERIA),
    }
    return TurtleTask(**{**fields, **changes})


class Fixed:
    """A judge that gives the same scores, or each of several in turn."""

    def __init__(self, *scores: tuple[float, ...]) -> None:
        self.scores, self.requests = scores, list[VerdictRequest]()

    async def verdict(self, request: VerdictRequest) -> ExplanationVerdict:
        self.requests.append(request)
        scores = self.scores[min(len(self.requests), len(self.scores)) - 1]
        return ExplanationVerdict(scores=scores, source="fixed@1")


def gym(partner: Speaker | None = None, judge: Any = None, played: TurtleTask | None = None, **params: Any) -> TurtleGym:
    made = TurtleGym(partner or TurtleUser(0), judge or RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: TurtleGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def paid(made: TurtleGym, *actions: str) -> list[float]:
    return [result.rewards["env"] for result in turns(made, *actions)]


def episode(speaker: Speaker, played: TurtleTask, partner: Speaker | None = None, **params: Any) -> Episode:
    made = gym(partner, None, played, **params)
    return drive(converse(made, made.first_view, speaker))
