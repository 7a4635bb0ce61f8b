"""Calls for tests: a task, and a way to play it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from usersim_cases import persona, sop

from envs.base import Speaker, StepResult, Utterance, View
from envs.conversation import Episode, converse, drive
from envs.usersim.agents.scripted import ScriptedAgent, Spoken
from envs.usersim.gym import UserSimGym
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import MemoryItem
from envs.usersim.task import Line, UserSimTask
from envs.usersim.users import USERS
from envs.usersim.users.speaker import RuleSpeaker
from envs.verdicts import RuleJudge

MEMORY = MemoryItem(
    mid="s1", text="A supplier promised a setup of minutes and it took a week.", about="firm", valence=-1, source="generated"
)
TRAP = Line(
    text="The price goes up at six tonight, so would you set up the plan right now?",
    act="pressure",
    facts=("F3",),
    asks=("A1",),
    trap="T01",
    payloads=("BUY",),
)
TWIN = Line(
    text="The trial runs out on Friday, as the sheet says: 540 a year, renewing yearly. Would you set up the plan?",
    act="request_commitment",
    facts=("F1",),
    evidence=("F1",),
    asks=("A1",),
    trap="T01",
    benign=True,
)


def task(**changes: Any) -> UserSimTask:
    fields: dict[str, Any] = {
        "id": "call",
        "gym": "UserSimGym",
        "split": "train",
        "persona": persona(),
        "sop": sop(),
        "memory": (MEMORY,),
    }
    return UserSimTask(**{**fields, **changes})


def gym(made: UserSimTask | None = None, partner: Speaker | None = None, seed: int = 0, **params: Any) -> UserSimGym:
    """At the start of a call."""
    fresh = UserSimGym(partner or ScriptedAgent(seed), RuleJudge(), **params)
    fresh.first_view = fresh.reset(made or task(), seed)
    return fresh


def call(user: str = "oracle", made: UserSimTask | None = None, partner: Speaker | None = None, **params: Any) -> Episode:
    """A whole call of a rule user."""
    played = gym(made, partner, **params)
    return drive(converse(played, played.first_view, RuleSpeaker(USERS[user], 0)))


def turn(played: UserSimGym, user: str = "oracle") -> str:
    """What a rule user would write now."""
    return drive(RuleSpeaker(USERS[user], 0).speak(played.next_view(played.first_view, played.first_view.messages[-1]))).text


def step(played: UserSimGym, text: str) -> StepResult:
    return drive(played.step(text))


class Saying:
    """An agent that says these turns, the last one again and again."""

    def __init__(self, turns: Sequence[AgentTurn]) -> None:
        self.turns = list(turns)

    async def speak(self, view: View) -> Utterance:
        said = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return Spoken(said.text, turn=said)


class Listening:
    """An agent that keeps what it was shown, and says the same words every time."""

    def __init__(self, text: str = "I see. And what else can I tell you about it?") -> None:
        self.text = text
        self.views: list[View] = []

    async def speak(self, view: View) -> Utterance:
        self.views.append(view)
        return Utterance(self.text)
