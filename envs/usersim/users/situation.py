"""What a rule user answers to, gold labels included: rule users are invariants and teachers, not contestants."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from envs.usersim.data.memory import memory
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import Concern, DynamicProfile
from envs.usersim.schema.enums import STATE_VARS, TrapId
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.concerns import hear
from envs.usersim.state.initial import initial
from envs.usersim.state.scene import Scene
from envs.usersim.state.signs import allowed, rows

LIVE = ("open", "touched", "partial")


@dataclass(frozen=True, slots=True)
class Situation:
    """A place in a conversation. `agents` are the agent's turns, oldest first; `said` the user's own utterances."""

    persona: StaticProfile
    sop: Sop
    scene: Scene
    profile: DynamicProfile
    agents: tuple[AgentTurn, ...]
    said: tuple[str, ...] = ()
    also: tuple[TrapId, ...] = ()
    """Traps of the last turn besides its own label: those of a stack."""
    seed: int = 0

    @classmethod
    def first(cls, persona: StaticProfile, sop: Sop, agents: tuple[AgentTurn, ...] = (), seed: int = 0) -> Situation:
        """Before the user's first turn."""
        profile = initial(persona, sop, memory(persona, sop, seed), seed)
        return cls(persona, sop, Scene.of(persona, sop), profile, agents, seed=seed)

    @property
    def agent(self) -> AgentTurn:
        """The turn to answer."""
        return self.agents[-1]

    @property
    def gold(self) -> tuple[TrapId, ...]:
        """The traps in the turn to answer."""
        own = () if self.agent.trap is None or self.agent.benign else (self.agent.trap,)
        return tuple(dict.fromkeys((*own, *self.also)))

    @property
    def chinese(self) -> bool:
        return self.sop.locale.startswith("zh")

    def rng(self, who: str) -> random.Random:
        """This turn's generator of a rule user."""
        return random.Random(f"{who} {self.persona.persona_id} {self.sop.sop_id} {self.profile.turn} {self.seed}")

    def heard(self) -> tuple[Concern, ...]:
        """The concerns, once the agent has been heard."""
        return tuple(hear(concern, self.agent) for concern in self.profile.target_list)

    def steps(self, wanted: Mapping[str, int], declared: bool = False) -> dict[str, int]:
        """Deltas as wanted where the table of allowed signs lets them, else 0 or the sign that is left."""
        signs = allowed(rows(self.agent, self.agents[:-1], self.profile, self.scene, declared))
        return {name: _allowed(wanted.get(name, 0), signs[name]) for name in STATE_VARS}


def _allowed(step: int, signs: str) -> int:
    sign = "-" if step < 0 else "+" if step > 0 else "0"
    if sign in signs:
        return step
    return 0 if "0" in signs else -1 if "-" in signs else 1
