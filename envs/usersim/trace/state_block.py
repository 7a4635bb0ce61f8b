"""From the JSON of `<state>` to a `Delta`: keys and types (E15), ranges (E16). Section 6.2 of the specification.

Invariants
- All nine keys are required and no others, at every level; integers are no floats and no booleans.
- A `Delta` that is returned fits the schemas: no blank text where one is needed, none longer than a profile may hold.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from envs.usersim.schema.delta import (
    MOST_NEW,
    MOST_STEP,
    MOST_STEPS,
    ClaimUpdate,
    Commit,
    ConcernMove,
    Delta,
    Disclosed,
    NewConcern,
    TrapQuote,
)
from envs.usersim.schema.enums import CLAIM_STATUSES, CONCERN_STATUSES, END_REASONS, PAYLOADS, STATE_VARS, TIERS, TRAPS
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.strict_json import load_strict

MOST_ITEMS = 10
"""Of any list: as many concerns as a profile may have."""
LONGEST_TEXT = 1000
"""Characters of any string: what a profile may hold."""
LONGEST_NAME = 80
"""Characters of a slot's name."""


class Field(NamedTuple):
    """What a field of an item may be: a type, and for a string or an integer the values it is limited to."""

    type: type
    allowed: frozenset[str] | range | None = None
    blank: bool = True
    longest: int = LONGEST_TEXT


_STR = Field(str)
ITEMS: dict[str, tuple[type, dict[str, Field]]] = {
    "concerns": (ConcernMove, {"id": _STR, "to": Field(str, frozenset(CONCERN_STATUSES)), "why": _STR}),
    "new_concerns": (
        NewConcern,
        {"tier": Field(str, frozenset(TIERS)), "text": Field(str, blank=False), "importance": Field(int, range(1, 6))},
    ),
    "claims": (ClaimUpdate, {"cid": _STR, "status": Field(str, frozenset(CLAIM_STATUSES)), "text": _STR}),
    "commit": (Commit, {"payload": Field(str, frozenset(PAYLOADS)), "terms": _STR, "reversible": Field(bool)}),
    "disclosed": (Disclosed, {"slot": Field(str, blank=False, longest=LONGEST_NAME), "level": Field(int, range(4))}),
    "traps": (TrapQuote, {"id": Field(str, frozenset(TRAPS)), "quote": _STR}),
}
"""The lists of a state, as `Delta` has them: what their items become, and their fields."""
KEYS = {"d", *ITEMS, "end", "end_reason"}
_VARS = set(STATE_VARS)
_REASONS = frozenset(END_REASONS)


def read_state(text: str, found: Findings) -> Delta | None:
    """The change a `<state>` block describes; None if it cannot be read at all."""
    try:
        data = load_strict(text)
    except ValueError as error:
        found.add(Code.E14, str(error))
        return None
    return delta_of(data, found)


def state_json(delta: Delta) -> str:
    """The inverse, on one line."""
    data = asdict(delta)
    del data["rewrite"]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def delta_of(data: object, found: Findings) -> Delta | None:
    """The change that JSON data describes; None if keys or types are wrong."""
    if not isinstance(data, dict) or data.keys() != KEYS:
        found.add(Code.E15, "the keys of the state are " + ", ".join(sorted(KEYS)))
        return None
    lists = [() if data[name] == [] else _items(name, data[name], found) for name in ITEMS]
    concerns, new, claims, commit, disclosed, traps = lists
    steps = _steps(data["d"], found)
    end, reason = data["end"], data["end_reason"]
    if type(end) is not bool:
        found.add(Code.E15, "end is true or false")
    if reason is not None and not (isinstance(reason, str) and reason in _REASONS):
        found.add(Code.E15, "end_reason is null or one of " + ", ".join(END_REASONS))
    if len(new) > MOST_NEW:
        found.add(Code.E16, f"{len(new)} new concerns")
    return None if found.has(Code.E15) else Delta(steps, concerns, new, claims, commit, disclosed, traps, end, reason)


def _steps(data: object, found: Findings) -> dict[str, int]:
    """`d`, in the order of the state values."""
    if not isinstance(data, dict) or data.keys() != _VARS or set(map(type, data.values())) != {int}:
        found.add(Code.E15, "d holds an integer for each of " + ", ".join(STATE_VARS))
        return {}
    sizes = [*map(abs, data.values())]
    if max(sizes) > MOST_STEP:
        found.add(Code.E16, f"a step of d is beyond {MOST_STEP}")
    if sum(sizes) > MOST_STEPS:
        found.add(Code.E16, f"the steps of d are beyond {MOST_STEPS} together")
    return {name: data[name] for name in STATE_VARS}


def _items(name: str, data: object, found: Findings) -> tuple[Any, ...]:
    if type(data) is not list:
        found.add(Code.E15, f"{name} is a list")
        return ()
    if len(data) > MOST_ITEMS:
        found.add(Code.E16, f"{name} has {len(data)} items, but at most {MOST_ITEMS}")
        return ()
    make, fields = ITEMS[name]
    return tuple([make(**item) for item in data if fits(name, item, fields, found)])


def fits(name: str, item: Any, fields: Mapping[str, Field], found: Findings) -> bool:
    """Whether an item may be made; numbers and lengths out of range are findings of their own."""
    if type(item) is not dict or item.keys() != fields.keys():
        found.add(Code.E15, f"the keys of {name} are " + ", ".join(fields))
        return False
    for key, (kind, allowed, blank, longest) in fields.items():
        value = item[key]
        if type(value) is not kind:
            found.add(Code.E15, f"{name}.{key} is a {kind.__name__}")
            return False
        if allowed is not None:
            if value not in allowed:
                code = Code.E16 if kind is int else Code.E15
                found.add(code, f"{name}.{key} is one of {', '.join(map(str, sorted(allowed)))}")
        elif kind is str:
            text: str = item[key]
            if len(text) > longest:
                found.add(Code.E16, f"{name}.{key} has {len(text)} characters, but at most {longest}")
            elif not blank and not text.strip():
                found.add(Code.E15, f"{name}.{key} is blank")
    return True
