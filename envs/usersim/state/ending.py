"""When a user may hang up, and when it should have. Section 5.5 of the specification.

Reading of what the specification leaves open
- `refused` before any offer: a refusal is enough, as there is nothing that could be worth the reserve.
- `trust_out` counts traps in the ledger that the agent has not corrected, by conceding or by supplying evidence.
- `interrupted` holds at the scheduled turn alone, and `deferred` with a `delay` move.
- The out-predicates of overstaying are those with nothing left to talk about: `patience_out`, `trust_out`, `agent_closed`.
"""

from __future__ import annotations

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import EndReason, Move

OUT: tuple[EndReason, ...] = ("patience_out", "trust_out", "agent_closed")
OVERSTAY = 3
"""User turns with a reason to leave after which the runtime ends the conversation."""
LOW = 1
"""A patience or trust that is used up."""
TRAPS = 2
DISENGAGED = 4


def reasons(after: DynamicProfile, agent: AgentTurn, move: Move) -> frozenset[EndReason]:
    """The reasons to end whose predicate holds, after a user turn's changes."""
    state, ledgers = after.state, after.ledgers
    primary = [concern.status == "resolved" for concern in after.target_list if concern.tier == "primary"]
    traps = sum([not trap.corrected for trap in ledgers.traps]) if ledgers.traps else 0
    holding: dict[EndReason, bool] = {
        "goal_met": bool(primary) and all(primary),
        "agreed_next_step": bool(ledgers.commitments),
        "refused": ledgers.refusals > 0 and (ledgers.best is None or ledgers.best < after.utilities.u_reserve),
        "patience_out": state.patience <= LOW,
        "trust_out": state.trust <= LOW or traps >= TRAPS,
        "interrupted": after.turn in after.clock.interrupt_at,
        "agent_closed": agent.closes or agent.act == "close",
        "deferred": move == "delay" and state.participation <= DISENGAGED,
    }
    return frozenset([reason for reason, holds in holding.items() if holds])
