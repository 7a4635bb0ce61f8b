"""Which way a state value may move after an agent's turn: the table of section 5.4 and V_state.

Several rows may apply to one turn. They are taken strictest first; each narrows what is allowed, unless nothing would be left.
An act without a row of its own counts as `inform`, a greeting and `other` as small talk. `answer` needs a specific answer:
a fact that an open concern waits for. A concession is the act, or evidence supplied.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import STATE_VARS
from envs.usersim.state.scene import Scene
from envs.usersim.state.similarity import jaccard

REPEATED = 0.5
"""From this 4-gram Jaccard on, an agent's turn repeats an earlier one."""
SUSPICIOUS = 0.8
"""From this suspicion on, a concession may cost trust."""
SENSITIVE = 2
"""From this level on, asking for a slot may not please."""

_MARKUP = re.compile(r"<[^<>]*+>|\{[^{}]*+\}|\[[^\[\]]*+\]")

ROWS: dict[str, tuple[str, str, str, str]] = {
    "pressure": ("-0", "-0", "-0", "-0+"),
    "repeat": ("-0", "-0", "-", "-0"),
    "evade": ("-0", "-0", "-", "-0"),
    "reassure_again": ("-0", "-0", "-", "-0"),
    "request_pii": ("-0", "-0", "-0", "-0+"),
    "close": ("0", "-0+", "0", "-0"),
    "suspected_concession": ("-0+", "0+", "0+", "0+"),
    "concede": ("0+", "0+", "0+", "0+"),
    "answer": ("0+", "0+", "-0+", "0+"),
    "smalltalk": ("-0+", "-0+", "-0", "-0+"),
    "inform": ("-0+", "-0+", "-0", "-0+"),
}
"""Allowed signs of trust, emotion, patience and participation; the strictest row first."""


def rows(agent: AgentTurn, earlier: Sequence[AgentTurn], before: DynamicProfile, scene: Scene, declared: bool) -> list[str]:
    """The rows that apply to an agent's turn, strictest first. `declared`: whether the user calls it a trap."""
    found = {_row(agent, earlier, before, scene)}
    if agent.act == "pressure" or declared or (agent.trap is not None and not agent.benign):
        found.add("pressure")
    text = _words(agent.text, scene)
    if any(jaccard(text, _words(other.text, scene)) >= REPEATED for other in earlier):
        found.add("repeat")
    if any(_level(ask, scene) >= SENSITIVE for ask in agent.asks):
        found.add("request_pii")
    return [row for row in ROWS if row in found]


def allowed(applying: Sequence[str]) -> dict[str, str]:
    """The allowed signs of each state value."""
    signs: dict[str, str] = dict.fromkeys(STATE_VARS, "-0+")
    for row in applying:
        for name, some in zip(STATE_VARS, ROWS[row], strict=True):
            signs[name] = "".join(sign for sign in signs[name] if sign in some) or signs[name]
    return signs


def v_state(d: Mapping[str, int], applying: Sequence[str], traps: Collection[str]) -> float:
    """V_state in [0, 1]: the share of state values that moved an allowed way, halved if a declared trap raised trust."""
    signs = allowed(applying)
    share = sum(_sign(d[name]) in signs[name] for name in STATE_VARS) / len(STATE_VARS)
    return share * 0.5 if traps and d["trust"] > 0 else share


def _words(text: str, scene: Scene) -> str:
    """What repeats: neither names nor markup."""
    return _MARKUP.sub(" ", scene.plain(text))


def _row(agent: AgentTurn, earlier: Sequence[AgentTurn], before: DynamicProfile, scene: Scene) -> str:
    """The row of the act itself."""
    if agent.act == "concede" or agent.evidence:
        return "suspected_concession" if scene.suspicion >= SUSPICIOUS else "concede"
    if agent.act == "reassure" and not agent.facts and any(turn.act == "reassure" and not turn.facts for turn in earlier):
        return "reassure_again"
    if agent.act == "answer_question" and _specific(agent, before):
        return "answer"
    if agent.act in ("evade", "close"):
        return agent.act
    return "smalltalk" if agent.act in ("greet_identify", "other") else "inform"


def _specific(agent: AgentTurn, before: DynamicProfile) -> bool:
    waiting = {fid for c in before.target_list if c.status in ("open", "touched", "partial") for fid in c.resolved_by}
    return not waiting.isdisjoint(agent.facts)


def _level(ask_id: str, scene: Scene) -> int:
    """How sensitive what an ask is after is. A PII ask for a slot that nobody listed counts as sensitive."""
    ask = scene.asks[ask_id]
    if ask.payload != "PII":
        return 0
    rule = scene.slots.get(ask.slot or "")
    return rule.level if rule else SENSITIVE


def _sign(step: int) -> str:
    return "-" if step < 0 else "+" if step > 0 else "0"
