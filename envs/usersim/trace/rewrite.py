"""The form `rewrite`: a turn of `full` whose `<state>` is the whole dynamic profile anew, not what changes: `state_mode: full`.

    {"scenario_memory": [{"mid", "text", "about", "valence"}],
     "target_list": [{"id", "tier", "text", "status", "importance"}],
     "decision_policy": {"core_issue", "topic_plan"},
     "state": {"trust", "emotion", "patience", "participation"},
     "claims", "commit", "disclosed", "traps", "end", "end_reason": as in `full`}

This is the paper's way (section 1, fact 7), for the ablation against deltas. What is written becomes the next profile:
concerns may vanish, be reworded or be settled by nobody, and values may jump. `r1compat` writes a profile, too, but is held to
the limits of a change.

Invariants
- Checked is what a profile must be (keys, types, ranges, ids), not how it came from the one before: no E18 but for an id that
  is there twice or new and settled, no E16 for a step. A new concern has its tier's next number, and at most two are new.
- Ledgers, utilities and clock are not the user's to write; the transition takes time off patience as ever.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from envs.usersim.schema.delta import Delta, Listed, Recalled, Rewrite
from envs.usersim.schema.dynamic_profile import MOST_CONCERNS, MOST_MEMORY, DynamicProfile
from envs.usersim.schema.enums import STATE_VARS
from envs.usersim.trace.context import Context
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.full import Draft, draft, render_with
from envs.usersim.trace.listed import CONCERN, STATE, check_new, listed_new, tiered
from envs.usersim.trace.state_block import LONGEST_NAME, Field, delta_of, fits
from envs.usersim.trace.strict_json import load_strict
from envs.usersim.trace.trace import Trace

_NAME = Field(str, blank=False, longest=LONGEST_NAME)
MEMORY = {"mid": _NAME, "text": Field(str, blank=False), "about": _NAME, "valence": Field(int, range(-2, 3))}
POLICY = {"core_issue": Field(str), "topic_plan": Field(str)}
PROFILE = ("scenario_memory", "target_list", "decision_policy", "state")
LEDGERS = ("claims", "commit", "disclosed", "traps", "end", "end_reason")
_KEYS = {*PROFILE, *LEDGERS}


def read_rewrite(text: str, context: Context, found: Findings) -> Draft | None:
    """What a turn in NFC says; None if a block cannot be read."""
    return draft(text, context, found, lambda state: _read_state(state, context, found))


def render_rewrite(trace: Trace) -> str:
    """The inverse. Raises ValueError for a trace whose delta rewrites nothing."""
    delta = trace.delta
    if delta.rewrite is None:
        raise ValueError("a rewrite needs a whole profile, but this turn has a delta; see `rewritten`")
    written = asdict(delta.rewrite)
    policy = {key: written[key] for key in POLICY}
    said = asdict(delta)
    state = {**{key: written[key] for key in PROFILE if key != "decision_policy"}, **{key: said[key] for key in LEDGERS}}
    ordered = {key: policy if key == "decision_policy" else state[key] for key in (*PROFILE, *LEDGERS)}
    return render_with(trace, json.dumps(ordered, ensure_ascii=False, separators=(",", ":")))


def rewritten(trace: Trace, before: DynamicProfile) -> Trace:
    """The same turn with its delta as the profile that it leads to, as far as a user can tell."""
    delta = trace.delta
    state: dict[str, int] = {name: min(max(getattr(before.state, name) + delta.d[name], 0), 10) for name in STATE_VARS}
    moves = {move.id: move.to for move in delta.concerns}
    listed = [Listed(one.id, one.tier, one.text, moves.get(one.id, one.status), one.importance) for one in before.target_list]
    for new in delta.new_concerns:
        listed.append(listed_new(new, [one.id for one in listed]))
    policy = before.decision_policy
    memory = tuple(Recalled(item.mid, item.text, item.about, item.valence) for item in before.scenario_memory)
    rewrite = Rewrite(memory, tuple(listed), policy.core_issue, policy.topic_plan, state)
    return replace(trace, delta=replace(delta, d=_steps(state, before), concerns=(), rewrite=rewrite))


def _steps(state: Mapping[str, int], before: DynamicProfile) -> dict[str, int]:
    return {name: state[name] - getattr(before.state, name) for name in STATE_VARS}


def _read_state(text: str, context: Context, found: Findings) -> Delta | None:
    """The change that a rewritten profile amounts to; None if it cannot be read."""
    try:
        data = load_strict(text)
    except ValueError as error:
        found.add(Code.E14, str(error))
        return None
    if not isinstance(data, dict) or data.keys() != _KEYS:
        found.add(Code.E15, "the keys of the state are " + ", ".join((*PROFILE, *LEDGERS)))
        return None
    state, policy = data["state"], data["decision_policy"]
    whole = fits("state", state, STATE, found) and fits("decision_policy", policy, POLICY, found)
    memory = _items("scenario_memory", data["scenario_memory"], MEMORY, range(MOST_MEMORY + 1), found)
    listed = _items("target_list", data["target_list"], CONCERN, range(1, MOST_CONCERNS + 1), found)
    if not whole or found.has(Code.E15):
        return None
    new = _check_profile(memory, listed, policy["core_issue"], context, found)
    changed = {"d": dict.fromkeys(STATE_VARS, 0), "concerns": [], "new_concerns": new}
    delta = delta_of({**changed, **{key: data[key] for key in LEDGERS}}, found)
    if delta is None or found.has(Code.E15):
        return None
    rewrite = Rewrite(
        tuple([Recalled(**item) for item in memory]),
        tuple([Listed(**concern) for concern in listed]),
        policy["core_issue"],
        policy["topic_plan"],
        {name: state[name] for name in STATE_VARS},
    )
    return replace(delta, d=_steps(state, context.profile), rewrite=rewrite)


def _check_profile(
    memory: list[dict[str, Any]], listed: list[dict[str, Any]], core: str, context: Context, found: Findings
) -> list[dict[str, Any]]:
    """What a profile must be; gives the new concerns as a delta has them."""
    ids = [concern["id"] for concern in listed]
    if not all(map(tiered, listed)):
        found.add(Code.E15, "an id is of another tier")
        return []
    if len({item["mid"] for item in memory}) < len(memory):
        found.add(Code.E15, "a memory is there twice")
    if len(set(ids)) < len(ids):
        found.add(Code.E18, "a concern is there twice")
    if core not in ("", *ids):
        found.add(Code.E17, f"core_issue is {core[:40]!r}")
    new = [concern for concern in listed if concern["id"] not in context.statuses]
    check_new(new, context, found)
    return [{key: concern[key] for key in ("tier", "text", "importance")} for concern in new]


def _items(name: str, data: Any, fields: Mapping[str, Field], many: range, found: Findings) -> list[dict[str, Any]]:
    if type(data) is not list:
        found.add(Code.E15, f"{name} is a list")
        return []
    if len(data) not in many:
        found.add(Code.E16, f"{name} has {len(data)} items, but {many[0]} to {many[-1]}")
    return [item for item in data[: many[-1]] if fits(name, item, fields, found)]
