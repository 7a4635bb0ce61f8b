"""What the tests of `envs` share: one fixed task, recording doubles, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult, Utterance, Verdict, VerdictRequest, View
from envs.conversation import Episode, converse, drive
from envs.intention.catalogue import inquiries
from envs.intention.gym import IntentionGym
from envs.intention.task import Detail, Hidden, IntentionTask, Visible
from envs.intention.user import IntentionUser
from envs.intention.verdict import CoverageVerdict
from envs.verdicts import RuleJudge

IMPORTANCE = {"date": 3, "food": 2, "music": 1}
VALUES = {"date": "june", "food": "soup", "music": "jazz"}


def ask(slot: str) -> str:
    return f"[action] What is the {slot}?"


def task(**changes: Any) -> IntentionTask:
    """A party with date 3, food 2 and music 1 missing and the color stated."""
    details = tuple(
        Detail(slot=slot, description=slot, importance=level, inquiries=inquiries(slot), value=VALUES[slot])
        for slot, level in IMPORTANCE.items()
    )
    fields: dict[str, Any] = {
        "id": "party",
        "gym": "IntentionGym",
        "split": "train",
        "source": "generated",
        "visible": Visible(category="party", request="I need a party with color red."),
        "hidden": Hidden(details=details),
    }
    return IntentionTask(**{**fields, **changes})


class Recorder:
    """A speaker that keeps its views and says what another speaker, or a text, says."""

    def __init__(self, inner: Speaker | str) -> None:
        self.inner, self.views = inner, list[View]()

    async def speak(self, view: View) -> Utterance:
        self.views.append(view)
        return Utterance(self.inner) if isinstance(self.inner, str) else await self.inner.speak(view)


class FixedJudge:
    """Covers the same positions whatever is asked."""

    def __init__(self, *covered: int, on_topic: bool = True) -> None:
        self.answer, self.requests = (
            CoverageVerdict(on_topic=on_topic, covered=covered, source="fixed@1"),
            list[VerdictRequest](),
        )

    async def verdict(self, request: VerdictRequest) -> Verdict:
        self.requests.append(request)
        return self.answer


def gym(partner: Speaker | None = None, judge: Any = None, played: IntentionTask | None = None, **params: Any) -> IntentionGym:
    made = IntentionGym(partner or IntentionUser(0), judge or RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: IntentionGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def episode(speaker: Speaker, played: IntentionTask, partner: Speaker | None = None, **params: Any) -> Episode:
    made = gym(partner, None, played, **params)
    return drive(converse(made, made.first_view, speaker))
