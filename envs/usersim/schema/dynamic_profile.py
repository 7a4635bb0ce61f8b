"""`dynamic_profile/v1`: what a simulated user wants and feels in one conversation. Section 5.1 of the specification.

Invariants
- Ids of concerns are unique and begin with their tier's letter; a concern outside of `latent` may have any tier.
- The four state values are integers 0 to 10; an emotion of 5 is neutral.
- Everything that the specification's minimal instance leaves out has a default.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from envs.usersim.schema.enums import TIER_LETTER, Architecture, ConcernStatus, EndReason, Move, Tier
from envs.usersim.schema.ledger import Ledgers
from envs.usersim.schema.record import Flag, Name, Real, Record, Scale5, Text, Unit, Whole

Value = Annotated[Whole, Field(ge=0, le=10)]
MOST_CONCERNS = 10
MOST_MEMORY = 8
Ended = EndReason | Literal["no_reason", "overstay"]
"""How a user's conversation ended: for a reason, without giving one, or by the runtime because it stayed on."""


class MemoryItem(Record):
    mid: Name
    text: Text
    about: Name
    valence: Annotated[Whole, Field(ge=-2, le=2)]
    source: Literal["generated", "recalled"]


class Concern(Record):
    id: Annotated[str, Field(pattern="^[PML][1-9][0-9]?$")]
    tier: Tier
    text: Text
    status: ConcernStatus
    importance: Scale5
    resolution_test: str = ""
    """What answer would satisfy, in words."""
    resolved_by: tuple[Name, ...] = ()
    """The facts that have to be stated for it; where there are none, the words of `resolution_test` are looked for."""
    trigger: str = ""
    """The keywords that wake a latent concern, between spaces; its text, if empty."""
    heard: tuple[Name, ...] = ()
    """Which of `resolved_by` were stated since it was opened."""
    answered: Flag = False
    """Whether an agent's turn since it was opened passes the test."""


class DecisionPolicy(Record):
    touched: tuple[Name, ...] = ()
    core_issue: str = ""
    topic_plan: str = ""
    next_move: Move = "ask_clarify"
    end_ok: Flag = False


class State(Record):
    trust: Value
    emotion: Value
    patience: Value
    participation: Value


class Utilities(Record):
    """Visible to the user only."""

    u_reserve: Unit
    u_batna: Unit
    u_ideal: Unit = 1.0
    beta: Annotated[Real, Field(gt=0, le=3)]
    weights: dict[Name, Unit] = Field(default_factory=dict)


class Clock(Record):
    ticks: Annotated[Whole, Field(ge=0)] = 0
    interrupt_at: tuple[Whole, ...] = ()
    """User turns at which something at home interrupts."""
    out_turns: Annotated[Whole, Field(ge=0)] = 0
    """For how many user turns in a row there has been a reason to leave."""
    ended: Ended | None = None


class DynamicProfile(Record):
    """See the module."""

    schema_: Literal["dynamic_profile/v1"] = Field("dynamic_profile/v1", alias="schema")
    persona_id: Name
    sop_id: Name
    turn: Annotated[Whole, Field(ge=0)] = 0
    architecture: Architecture = "separated"
    scenario_memory: Annotated[tuple[MemoryItem, ...], Field(max_length=MOST_MEMORY)]
    target_list: Annotated[tuple[Concern, ...], Field(min_length=1, max_length=MOST_CONCERNS)]
    decision_policy: DecisionPolicy
    state: State
    utilities: Utilities
    ledgers: Ledgers = Ledgers()
    clock: Clock = Clock()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [concern.id for concern in self.target_list]
        if len(set(ids)) < len(ids):
            raise ValueError("target_list has an id twice")
        wrong = [concern.id for concern in self.target_list if concern.id[0] != TIER_LETTER[concern.tier]]
        if wrong:
            raise ValueError(f"the id {wrong[0]} is of another tier")
        if self.decision_policy.core_issue not in ("", *ids):
            raise ValueError(f"core_issue {self.decision_policy.core_issue!r} is no concern")
        return self

    def concern(self, cid: str) -> Concern | None:
        """The concern with this id."""
        return next((concern for concern in self.target_list if concern.id == cid), None)
