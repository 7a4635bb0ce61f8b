"""A call: who is called, about what, by which kind of agent, and what that agent is told to say besides its SOP.

Invariants
- `script` is what a trap agent works off, line by line; its labels are the gold ones.
- Locale and names are data: the same call with other names is the same task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import model_validator

from envs.base import Task
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile, MemoryItem
from envs.usersim.schema.enums import Act, Architecture, Payload, TrapId
from envs.usersim.schema.record import Flag, Name, Record, Text, Whole
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.initial import initial

AgentKind = Literal["honest", "pushy", "trap", "weak"]


class Line(Record):
    """An agent's turn as data. Raises ValueError for a trap that does not say what it is after."""

    text: Text
    act: Act
    facts: tuple[Name, ...] = ()
    evidence: tuple[Name, ...] = ()
    asks: tuple[Name, ...] = ()
    trap: TrapId | None = None
    benign: Flag = False
    payloads: tuple[Payload, ...] = ()

    @model_validator(mode="after")
    def _after_something(self) -> Self:
        if self.trap and not self.benign and not self.payloads:
            raise ValueError(f"a trap needs payloads, what it is after: {self.text[:40]!r}")
        return self

    @property
    def turn(self) -> AgentTurn:
        return AgentTurn(
            text=self.text,
            act=self.act,
            facts=self.facts,
            evidence=self.evidence,
            asks=self.asks,
            trap=self.trap,
            benign=self.benign,
            payloads=self.payloads,
        )


@dataclass(frozen=True, slots=True)
class AgentBrief:
    """What the agent may know of a call: nothing of the persona."""

    sop: Sop
    agent: AgentKind
    script: tuple[Line, ...]


class UserSimTask(Task):
    persona: StaticProfile
    sop: Sop
    memory: tuple[MemoryItem, ...] = ()
    agent: AgentKind = "honest"
    script: tuple[Line, ...] = ()
    architecture: Architecture = "separated"
    seed: Whole = 0
    """Of the profile at pick-up."""

    @property
    def start(self) -> DynamicProfile:
        """The profile at pick-up: part of the task, so that all rollouts of a group begin alike."""
        return initial(self.persona, self.sop, self.memory, self.seed, architecture=self.architecture)

    @property
    def brief(self) -> AgentBrief:
        return AgentBrief(self.sop, self.agent, self.script)
