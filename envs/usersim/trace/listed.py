"""Concerns as they stand in a profile that a user writes: `r1compat` and `rewrite`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envs.usersim.schema.delta import Listed, NewConcern
from envs.usersim.schema.enums import CONCERN_STATUSES, STATE_VARS, TIER_LETTER, TIERS, ConcernStatus, Tier
from envs.usersim.trace.context import Context
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.grammar import CONCERN_IDS
from envs.usersim.trace.state_block import Field

CONCERN = {
    "id": Field(str),
    "tier": Field(str, frozenset(TIERS)),
    "text": Field(str, blank=False),
    "status": Field(str, frozenset(CONCERN_STATUSES)),
    "importance": Field(int, range(1, 6)),
}
STATE: dict[str, Field] = {name: Field(int, range(11)) for name in STATE_VARS}


def tiered(concern: dict[str, Any]) -> bool:
    """Whether the id of an entry that fits `CONCERN` begins as its tier does."""
    cid = concern["id"]
    return cid in CONCERN_IDS and cid[0] == TIER_LETTER.get(concern["tier"])


def check_new(new: Sequence[dict[str, Any]], context: Context, found: Findings) -> None:
    """A new concern has its tier's next number (E17), and the status that new ones have (E18)."""
    known = list(context.statuses)
    for concern in new:
        following = _next_id(concern["id"][0], known)
        if concern["id"] != following:
            found.add(Code.E17, f"{concern['id']} is new; the next is {following}")
        if concern["status"] != _first_status(concern["tier"]):
            found.add(Code.E18, f"{concern['id']} is new and {concern['status']}")
        known.append(concern["id"])


def listed_new(concern: NewConcern, known: Sequence[str]) -> Listed:
    """The entry of a new concern. `known`: the ids that are there."""
    cid = _next_id(TIER_LETTER[concern.tier], known)
    return Listed(cid, concern.tier, concern.text, _first_status(concern.tier), concern.importance)


def _next_id(letter: str, known: Sequence[str]) -> str:
    return f"{letter}{max((int(cid[1:]) for cid in known if cid[0] == letter), default=0) + 1}"


def _first_status(tier: Tier) -> ConcernStatus:
    return "latent" if tier == "latent" else "open"
