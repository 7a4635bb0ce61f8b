"""What a user's turn changes: the content of its `<state>` block, already checked. Section 6.2 of the specification.

Plain frozen dataclasses: they are made by the parser alone, which has checked every type and range before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from envs.usersim.schema.enums import ClaimStatus, ConcernStatus, EndReason, Payload, Tier, TrapId

MOST_STEP = 3
"""Of one state value in one turn."""
MOST_STEPS = 6
"""Of all four together, in absolute terms."""
MOST_NEW = 2
"""New concerns of one turn."""


@dataclass(frozen=True, slots=True)
class ConcernMove:
    id: str
    to: ConcernStatus
    why: str = ""


@dataclass(frozen=True, slots=True)
class NewConcern:
    tier: Tier
    text: str
    importance: int


@dataclass(frozen=True, slots=True)
class ClaimUpdate:
    cid: str
    status: ClaimStatus
    text: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    payload: Payload
    terms: str = ""
    reversible: bool = False


@dataclass(frozen=True, slots=True)
class Disclosed:
    slot: str
    level: int


@dataclass(frozen=True, slots=True)
class TrapQuote:
    id: TrapId
    quote: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """A memory as the user writes it down anew."""

    mid: str
    text: str
    about: str
    valence: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A concern as the user writes it down anew."""

    id: str
    tier: Tier
    text: str
    status: ConcernStatus
    importance: int


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The user's part of the next profile, whatever the one before was: `state_mode: full`."""

    scenario_memory: tuple[Recalled, ...]
    target_list: tuple[Listed, ...]
    core_issue: str
    topic_plan: str
    state: dict[str, int]


@dataclass(frozen=True, slots=True)
class Delta:
    """`d` holds all four state values."""

    d: dict[str, int] = field(default_factory=lambda: {"trust": 0, "emotion": 0, "patience": 0, "participation": 0})
    concerns: tuple[ConcernMove, ...] = ()
    new_concerns: tuple[NewConcern, ...] = ()
    claims: tuple[ClaimUpdate, ...] = ()
    commit: tuple[Commit, ...] = ()
    disclosed: tuple[Disclosed, ...] = ()
    traps: tuple[TrapQuote, ...] = ()
    end: bool = False
    end_reason: EndReason | None = None
    rewrite: Rewrite | None = None
    """If there is one, `d` and `new_concerns` follow from it, steps of `d` have no limit, and `concerns` is empty."""
