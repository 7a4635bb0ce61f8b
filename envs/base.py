"""The contracts between a gym, its partner, its judge and whoever plays it.

A *gym* is stepped by the acting role (`agent` in UserRL's gyms). While it steps it may call two injected services:
`partner.speak(view)` for the other role's words and `judge.verdict(request)` for what decides a reward.

Invariants
- What changes a reward is a rule or a judge's verdict, never the partner's words. (Where the user acts, an agent's turn is what
  it is tried with: there a rule of the truth table says what the turn is.)
- No hidden part of a task appears in an observation of the acting role.
- All randomness of an episode comes from the seed given to `reset`.
- Every call of `step` or `refuse` costs one turn; a call after the end raises `EpisodeOver`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

Role = Literal["agent", "user"]
Split = Literal["train", "heldout"]
Scripted = Literal["agent", "partner", "judge"]
"""What a script or a rule can be in an episode."""


class EpisodeOver(RuntimeError):
    """The gym was stepped after it had ended."""


class PartnerSilent(RuntimeError):
    """The partner had no room left to say anything: the episode says nothing about the acting role."""


class Task(BaseModel):
    """One problem of a gym. Subclasses add `visible` (what the acting role may read) and `hidden`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    gym: str
    split: Split

    @property
    def beyond_rules(self) -> frozenset[Scripted]:
        """What no script of the gym can be here, because the task is told in free words: only a model can then be that."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """A chat message, relative to the speaker who reads it: its own words are `assistant`."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True)
class View:
    """What one role sees when it is asked to speak."""

    role: Role
    system: str
    messages: tuple[Message, ...]
    """What was said since this speaker last spoke (everything, on its first call or when `fresh`)."""
    choices: tuple[str, ...] = ()
    """Closed answers, if the gym asks for one of them; empty means free text."""
    known: dict[str, Any] = field(default_factory=dict)
    """What this role may know of the task, structured, for scripted speakers."""
    fresh: bool = False
    """The view is complete in itself: the speaker starts a new context instead of appending to its old one."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a speaker said. `finish` is `context_full` when there was no room left to say anything."""

    text: str
    finish: Literal["stop", "length", "context_full"] = "stop"


class VerdictRequest(BaseModel):
    """What a judge is asked. Subclasses fix `kind` to a literal and add the evidence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str


class Verdict(BaseModel):
    """What a judge answers. Subclasses fix `kind` and add bounded fields; `source` names judge and version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    source: str = "rule"


class Speaker(Protocol):
    """Who plays a role: a policy, a script, an endpoint or a person."""

    async def speak(self, view: View) -> Utterance: ...


class Judge(Protocol):
    """Who decides. Raises `rewards.verdict.JudgeError` when no valid verdict can be had."""

    async def verdict(self, request: VerdictRequest) -> Verdict: ...


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one turn of the acting role brought. `rewards` and `sources` share their keys."""

    feedback: str
    rewards: dict[str, float] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    partner_rewards: dict[str, float] = field(default_factory=dict)
    terminated: bool = False
    truncated: bool = False
    info: dict[str, Any] = field(default_factory=dict)


class Gym(ABC):
    """A conversational task environment. One instance plays one episode at a time and is never shared."""

    name: ClassVar[str]
    acting: ClassVar[Role] = "agent"
    choices: ClassVar[tuple[str, ...]] = ("action", "answer", "finish")
    """The tool choices this gym understands. None at all: it has no tool, and what the acting role says is the action."""
    readings: Mapping[str, str] = {}
    """Further choices that it takes, each with the one it is read as."""
    rewards: ClassVar[tuple[str, ...]] = ("env",)
    """The names of the rewards its steps pay."""
    fresh: ClassVar[bool] = False
    """Whether all its views are `fresh`: each turn is then a sequence of its own."""
    terse: bool = False
    """Whether the acting role is told nothing but the task, as suits a tiny model that learned how to play from examples."""
    first_view: View
    """What `reset` returned; set by `envs.make`."""

    def __init__(self, partner: Speaker, judge: Judge) -> None:
        self.partner = partner
        self.judge = judge

    @abstractmethod
    def reset(self, task: Task, seed: int) -> View:
        """Start an episode and return the acting role's first view."""

    def fits(self, task: Task) -> None:  # noqa: B027  (most gyms play all their tasks)
        """Raise ValueError for a task that cannot be played with these parameters, or by this judge."""

    def most_verdicts(self) -> int:
        """How many verdicts a turn asks for at most."""
        return 1

    @abstractmethod
    async def step(self, action: str) -> StepResult:
        """Play one turn. `action` is `"[choice] content"`; any other string gets feedback and costs the turn. Without
        choices it is what was said."""

    @abstractmethod
    def refuse(self, reason: str) -> StepResult:
        """Spend a turn on a malformed tool call: no partner, no judge, no reward above 0, `reason` as feedback."""

    def next_view(self, view: View, heard: Message) -> View:
        """What the acting role sees after a turn: what it heard, to add to its context, or a whole `fresh` view."""
        return View(role=view.role, system=view.system, messages=(heard,))

    @abstractmethod
    def score(self) -> float:
        """The episode's normalised score so far, in [0, 1]."""

    @abstractmethod
    def success(self) -> bool:
        """Whether everything the task asks for has been reached."""

    @abstractmethod
    def signature(self) -> str:
        """A coarse progress label of the state before the next turn; for the trainer only (credit.md 7)."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """The whole episode state as JSON-serialisable data, for people and for `report --recompute`."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A conversation to imitate: the `assistant` messages are the words of `role`, everything else is its context."""

    gym: str
    task_id: str
    role: Role
    messages: tuple[Message, ...]
    last_only: bool = False
    """Imitate the last message alone; what the role said before only leads up to it."""
