"""What a conversation has left behind: claims heard, slots disclosed, commitments made, traps met, offers on the table.

Invariants
- Append-only but for a claim's status, a trap's correction and the standing offer; `MOST_ENTRIES` bounds every list.
- `undeclared`, `excess`, `irrational`, `breach`, `legitimate` and `corrected` are set by the transition, never by the user.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from envs.usersim.schema.enums import ClaimStatus, Move, Payload, TrapId
from envs.usersim.schema.record import Flag, Name, Real, Record, Whole

MOST_ENTRIES = 64
"""Far more than the 24 turns of a conversation bring; a state stays small whatever a user writes."""
Turn = Annotated[Whole, Field(ge=0)]
Level = Annotated[Whole, Field(ge=0, le=3)]


class Claim(Record):
    cid: Name
    text: str
    topic: str = ""
    """The fact of the SOP that it is about, if one is known."""
    status: ClaimStatus = "unverified"
    turn: Turn = 0


class Disclosure(Record):
    slot: Name
    level: Level
    turn: Turn = 0
    undeclared: Flag = False
    excess: Flag = False
    """The slot's level was above what was allowed at that time."""


class Commitment(Record):
    payload: Payload
    terms: str = ""
    reversible: Flag = False
    turn: Turn = 0
    undeclared: Flag = False
    irrational: Flag = False
    """The offer was worth less than the user required at that time."""
    breach: Flag = False
    """The offer was worth less than the user's reserve."""
    legitimate: Flag = True
    """Whether the ask for this payload was legitimate at that time, by the truth table."""


class TrapEntry(Record):
    id: TrapId
    turn: Turn
    quote: str = ""
    response_move: Move
    corrected: Flag = False
    """Whether the agent has conceded or supplied evidence since."""


class Offer(Record):
    turn: Turn
    values: dict[Name, Real]
    utility: Real


class Ledgers(Record):
    """All of them. `stated` and `evidenced` are the facts of the SOP that the agent has stated, and given evidence for."""

    claims: tuple[Claim, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    traps: tuple[TrapEntry, ...] = ()
    stated: tuple[Name, ...] = ()
    evidenced: tuple[Name, ...] = ()
    offer: Offer | None = None
    """The one on the table."""
    best: Real | None = None
    """The utility of the best offer so far."""
    refusals: Annotated[Whole, Field(ge=0)] = 0
