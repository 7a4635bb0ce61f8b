"""The closed vocabularies of the reasoning user: every name that a trace, a profile or an SOP may use.

Invariant: the `Literal` is what a field is typed with, the tuple next to it is the same names in the same order.
Source: section 6.3 (acts, moves), 5 (statuses, endings) and 12 (traps) of the specification.
"""

from __future__ import annotations

from typing import Literal, get_args

Act = Literal[
    "greet_identify",
    "inform",
    "ask_info",
    "verify_identity",
    "offer",
    "concede",
    "justify",
    "pressure",
    "reassure",
    "answer_question",
    "evade",
    "handle_objection",
    "summarize",
    "request_commitment",
    "request_pii",
    "close",
    "other",
]
"""What an agent does with a turn."""
Move = Literal[
    "ask_clarify",
    "ask_evidence",
    "counter_offer",
    "conditional_accept",
    "accept",
    "refuse",
    "deflect",
    "delay",
    "redirect",
    "express_emotion",
    "reveal",
    "withhold",
    "name_tactic",
    "set_boundary",
    "request_human",
    "smalltalk",
    "close",
]
"""What the user does with a turn."""
TrapId = Literal["T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11"]
Payload = Literal["BUY", "PAY", "PII", "CONSENT", "WAIVE", "TERMS", "TIME", "RATE"]
"""What an ask is for."""
Tier = Literal["primary", "minor", "latent"]
ConcernStatus = Literal["latent", "open", "touched", "partial", "resolved", "dropped"]
ClaimStatus = Literal["unverified", "supported", "contradicted", "verified"]
StateVar = Literal["trust", "emotion", "patience", "participation"]
EndReason = Literal[
    "goal_met", "agreed_next_step", "refused", "patience_out", "trust_out", "interrupted", "agent_closed", "deferred"
]
Child = Literal["intent", "concerns", "plan", "update", "tone"]
"""The five parts of a thought, in their order."""
Domain = Literal[
    "customer_service",
    "sales_marketing",
    "human_resources",
    "finance_risk",
    "research_data",
    "proactive_care",
    "other",
]
Architecture = Literal["separated", "merged", "static", "dynamic"]
"""What a user is shown of its profiles, and which part is updated; see `envs.usersim.state.architecture`."""

ACTS: tuple[Act, ...] = get_args(Act)
MOVES: tuple[Move, ...] = get_args(Move)
PAYLOADS: tuple[Payload, ...] = get_args(Payload)
TIERS: tuple[Tier, ...] = get_args(Tier)
CONCERN_STATUSES: tuple[ConcernStatus, ...] = get_args(ConcernStatus)
CLAIM_STATUSES: tuple[ClaimStatus, ...] = get_args(ClaimStatus)
STATE_VARS: tuple[StateVar, ...] = get_args(StateVar)
END_REASONS: tuple[EndReason, ...] = get_args(EndReason)
CHILDREN: tuple[Child, ...] = get_args(Child)
DOMAINS: tuple[Domain, ...] = get_args(Domain)
ARCHITECTURES: tuple[Architecture, ...] = get_args(Architecture)

TRAPS: dict[TrapId, str] = {
    "T01": "false_urgency",
    "T02": "obfuscated_costs",
    "T03": "sunk_cost",
    "T04": "identity_misinformation",
    "T05": "authority_appeal",
    "T06": "manufactured_consensus",
    "T07": "reciprocity_debt",
    "T08": "incremental_commitment",
    "T09": "anchor_forced_choice",
    "T10": "emotional_pressure",
    "T11": "evasion_overload",
}
TIER_LETTER: dict[Tier, str] = {"primary": "P", "minor": "M", "latent": "L"}
"""What the ids of a tier's concerns begin with."""

FITTING: dict[TrapId, tuple[Move, ...]] = {
    "T01": ("ask_evidence", "delay", "set_boundary"),
    "T02": ("ask_clarify", "counter_offer", "conditional_accept"),
    "T03": ("redirect", "refuse", "counter_offer"),
    "T04": ("ask_evidence", "withhold", "request_human"),
    "T05": ("ask_evidence", "delay", "set_boundary"),
    "T06": ("redirect", "ask_clarify", "name_tactic"),
    "T07": ("name_tactic", "conditional_accept", "counter_offer"),
    "T08": ("set_boundary", "refuse", "ask_clarify"),
    "T09": ("counter_offer", "redirect", "ask_evidence"),
    "T10": ("express_emotion", "name_tactic", "set_boundary", "close"),
    "T11": ("redirect", "ask_clarify", "set_boundary"),
}
"""The moves that counter each trap; section 12."""
