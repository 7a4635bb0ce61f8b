"""The profile `r1compat`: free text in `<think>`, and in `<answer>` JSON that rewrites the profile. The closest reading of the
paper (section 1, facts 7 to 9), for the ablation of full rewrites against deltas.

    <think>anything, four units at least</think>
    <answer>{"target_list": [{"id", "tier", "text", "status", "importance"}],
             "decision_policy": {"touched", "core_issue", "topic_plan", "next_move", "end_ok"},
             "state": {"trust", "emotion", "patience", "participation"}, "response": "...", "end_session": false}</answer>

Invariants
- A rewrite is read as the change it makes and held to the same limits as any change: steps of the state (E16), legal moves
  (E18), ids (E17). A concern that is left out is E18; new wording or weight of one that is known changes nothing.
- The thought stands as the reason of every move that takes one, and for `plan` among the thoughts. There are no acts (`other`),
  traps, claims or ledgers. Who ends does so for the first reason that holds; if none does, that is E19.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from envs.usersim.schema.delta import Delta
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import END_REASONS, MOVES, STATE_VARS
from envs.usersim.state.concerns import LEGAL
from envs.usersim.trace.checks import holding
from envs.usersim.trace.context import Context
from envs.usersim.trace.envelope import envelope
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.full import Draft
from envs.usersim.trace.grammar import BLANK
from envs.usersim.trace.listed import CONCERN, STATE, check_new, listed_new, tiered
from envs.usersim.trace.state_block import Field, delta_of, fits
from envs.usersim.trace.strict_json import load_strict
from envs.usersim.trace.think_block import Intentions
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.trace.units import units
from envs.usersim.trace.utterance import check_utterance

TAGS = ("think", "answer")
AS_THOUGHT = "as thought"
"""The reason of a move that takes one."""
_STR = Field(str)
_TURN = {
    "target_list": Field(list),
    "decision_policy": Field(dict),
    "state": Field(dict),
    "response": _STR,
    "end_session": Field(bool),
}
_POLICY = {
    "touched": Field(list),
    "core_issue": _STR,
    "topic_plan": _STR,
    "next_move": Field(str, frozenset(MOVES)),
    "end_ok": Field(bool),
}


def read_r1compat(text: str, context: Context, found: Findings) -> Draft | None:
    """What a turn in NFC says; None if a block cannot be read."""
    blocks = envelope(text, TAGS, found)
    if blocks is None:
        return None
    thought, turn = blocks[0].strip(BLANK), _turn(blocks[1], found)
    if units(context.scene.plain(thought)) < context.shortest_thought:
        found.add(Code.E11, f"<think> is shorter than {context.shortest_thought} units")
    if turn is None:
        return None
    policy, answer = turn["decision_policy"], turn["response"].strip(BLANK)
    check_utterance(answer, context, found)
    delta = _change(turn, context, found)
    if delta is None:
        return None
    if policy["core_issue"] not in ("", *(concern["id"] for concern in turn["target_list"])):
        found.add(Code.E17, f"core_issue is {policy['core_issue'][:40]!r}")
    said = Intentions("other", (), tuple(policy["touched"]), len(delta.new_concerns), policy["next_move"])
    if delta.end and not found.broken:
        delta = _with_reason(delta, said, answer, context)
    return said, Thoughts(plan=thought), delta, answer


def _turn(text: str, found: Findings) -> dict[str, Any] | None:
    """The JSON of a turn, its keys and types checked."""
    try:
        turn = load_strict(text)
    except ValueError as error:
        found.add(Code.E14, str(error))
        return None
    if not fits("answer", turn, _TURN, found) or not fits("decision_policy", turn["decision_policy"], _POLICY, found):
        return None
    if not fits("state", turn["state"], STATE, found):
        return None
    touched = turn["decision_policy"]["touched"]
    if not all(type(cid) is str for cid in touched) or len(set(touched)) < len(touched):
        found.add(Code.E15, "touched lists different concerns")
    for concern in turn["target_list"]:
        if fits("target_list", concern, CONCERN, found) and not tiered(concern):
            found.add(Code.E15, f"the id {concern['id'][:40]!r} is of another tier")
    return None if found.has(Code.E15) else turn


def _change(turn: dict[str, Any], context: Context, found: Findings) -> Delta | None:
    """What the rewrite changes."""
    listed = {concern["id"]: concern for concern in turn["target_list"]}
    if len(listed) < len(turn["target_list"]):
        found.add(Code.E18, "a concern is there twice")
    missing = [cid for cid in context.statuses if cid not in listed]
    if missing:
        found.add(Code.E18, f"{missing[0]} is left out")
    moves = []
    for cid, was in context.statuses.items():
        to = listed[cid]["status"] if cid in listed else was
        if to != was:
            takes_reason = to == "dropped" or was == "resolved"
            moves.append({"id": cid, "to": to, "why": AS_THOUGHT if takes_reason and to in LEGAL[was] else ""})
    new = [concern for cid, concern in listed.items() if cid not in context.statuses]
    check_new(new, context, found)
    before = context.profile.state
    data = {
        "d": {name: turn["state"][name] - getattr(before, name) for name in STATE_VARS},
        "concerns": moves,
        "new_concerns": [{key: concern[key] for key in ("tier", "text", "importance")} for concern in new],
        **{name: [] for name in ("claims", "commit", "disclosed", "traps")},
        "end": turn["end_session"],
        "end_reason": None,
    }
    return delta_of(data, found)


def _with_reason(delta: Delta, said: Intentions, answer: str, context: Context) -> Delta:
    reasons = holding(said, delta, answer, context)
    return replace(delta, end_reason=next((reason for reason in END_REASONS if reason in reasons), None))


def render_r1compat(trace: Trace, before: DynamicProfile) -> str:
    """The inverse. Raises ValueError for what a rewrite cannot say."""
    delta = trace.delta
    if trace.trap_ids or delta.claims or delta.commit or delta.disclosed or delta.traps:
        raise ValueError("r1compat has no traps, claims, commitments or disclosures")
    moves = {move.id: move.to for move in delta.concerns}
    fields = ("id", "tier", "text", "status", "importance")
    concerns = [{key: getattr(concern, key) for key in fields} for concern in before.target_list]
    concerns = [{**concern, "status": moves.get(concern["id"], concern["status"])} for concern in concerns]
    for one in delta.new_concerns:
        concerns.append(asdict(listed_new(one, [concern["id"] for concern in concerns])))
    policy = {
        "touched": trace.touched,
        "core_issue": before.decision_policy.core_issue,
        "topic_plan": before.decision_policy.topic_plan,
        "next_move": trace.move,
        "end_ok": delta.end,
    }
    turn = {
        "target_list": concerns,
        "decision_policy": policy,
        "state": {name: min(max(getattr(before.state, name) + delta.d[name], 0), 10) for name in STATE_VARS},
        "response": trace.answer,
        "end_session": delta.end,
    }
    return f"<think>{trace.thoughts.plan}</think>\n<answer>{json.dumps(turn, ensure_ascii=False)}</answer>"
