"""A call: who is called, about what, by which kind of agent, and what that agent is told to say besides its SOP.

Invariants
- `script` is what a trap agent works off, line by line; its labels are the gold ones.
- Locale and names are data: the same call with other names is the same task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from envs.base import Task
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile, MemoryItem
from envs.usersim.schema.enums import Act, Architecture, TrapId
from envs.usersim.schema.record import Flag, Name, Record, Text, Whole
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.initial import initial

AgentKind = Literal["honest", "pushy", "trap", "weak"]


class Line(Record):
    """An agent's turn as data."""

    text: Text
    act: Act
    facts: tuple[Name, ...] = ()
    evidence: tuple[Name, ...] = ()
    asks: tuple[Name, ...] = ()
    trap: TrapId | None = None
    benign: Flag = False

    @property
    def turn(self) -> AgentTurn:
        return AgentTurn(self.text, self.act, self.facts, self.evidence, self.asks, {}, self.trap, self.benign)


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
