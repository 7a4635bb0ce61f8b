"""The profile `short`: the same decisions as `full` in a line each, for models too small for JSON and for thoughts.

    <think>
    act pressure                              one of the acts
    trap T01                                  none, or ids with commas
    touched P1                                none, or concerns with commas
    move ask_evidence                         one of the moves
    </think>
    <state>
    d -1 -1 -1 0                              trust, emotion, patience, participation
    to P1 touched                             a concern moves; after its status, the reason if one is needed
    new minor 3 whether there are fees        tier, importance, text
    claim c1 unverified offer ends 18:00      id, status, text
    commit BUY binding 540 a year             payload, `binding` or `reversible`, terms
    told 1 email                              level, slot
    trap T01 only until six tonight           id, quote
    end no                                    no, or the reason
    </state>
    <answer>Six tonight, says who?</answer>

Invariants
- Lines have this order; those from `to` to `trap` may be missing or be there several times, the others are there once.
- It means what `full` means: classes and levels of errors are the same, but for E11 and E14, which need thoughts and JSON. An
  unknown line is E09, one that is missing or out of order E08, one with too few words E15.
- A trace of `short` has no thoughts, and no text in it has a line break.
"""

from __future__ import annotations

import re
from typing import Any

from envs.usersim.schema.delta import Delta
from envs.usersim.schema.enums import STATE_VARS
from envs.usersim.trace.context import Context
from envs.usersim.trace.envelope import envelope
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.full import Draft
from envs.usersim.trace.grammar import BLANK, TOP
from envs.usersim.trace.state_block import delta_of
from envs.usersim.trace.think_block import Intentions, intentions
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.trace.utterance import check_utterance

NONE = "none"
NO_END = "no"
COMMITS = {"binding": False, "reversible": True}
_THOUGHT = ["act", "trap", "touched", "move"]
_LINES: dict[str, tuple[str, tuple[str, ...]]] = {
    "to": ("concerns", ("id", "to", "why")),
    "new": ("new_concerns", ("tier", "importance", "text")),
    "claim": ("claims", ("cid", "status", "text")),
    "commit": ("commit", ("payload", "reversible", "terms")),
    "told": ("disclosed", ("level", "slot")),
    "trap": ("traps", ("id", "quote")),
}
"""Each kind of line: the list of the state that it adds to, and the fields of its words, the last of which takes the rest."""
_OPTIONAL = frozenset({"why", "text", "terms", "quote"})
_NUMBERS = frozenset({"importance", "level"})
_ORDER = {keyword: place for place, keyword in enumerate(("d", *_LINES, "end"))}
_SMALL = {str(number): number for number in range(-9, 10)}
_INTEGER = re.compile("-?(?:0|[1-9][0-9]{0,3})")


def read_short(text: str, context: Context, found: Findings) -> Draft | None:
    """What a turn in NFC says; None if a block cannot be read."""
    blocks = envelope(text, TOP, found)
    if blocks is None:
        return None
    think, state, answer = blocks
    said = _read_thought(_lines(think), found)
    delta = _read_state(_lines(state), found)
    answer = answer.strip(BLANK)
    check_utterance(answer, context, found)
    if said is None or delta is None:
        return None
    said.new_count = len(delta.new_concerns)
    return said, Thoughts(), delta, answer


def _lines(block: str) -> list[tuple[str, str]]:
    """Keyword and rest of every line that is not blank."""
    parts = [line.partition(" ") for line in [line.strip(BLANK) for line in block.split("\n")] if line]
    return [(keyword, rest.lstrip(BLANK)) for keyword, _, rest in parts]


def _read_thought(lines: list[tuple[str, str]], found: Findings) -> Intentions | None:
    kinds = [keyword for keyword, _ in lines]
    if kinds == _THOUGHT:
        act, trap, touched, move = [rest for _, rest in lines]
        return intentions(act, trap, "" if touched == NONE else touched or NONE, "0", move, found)
    unknown = next((keyword for keyword in kinds if keyword not in _THOUGHT), None)
    if unknown is not None:
        found.add(Code.E09, repr(unknown[:40]))
    else:
        found.add(Code.E08, f"a thought is {', '.join(_THOUGHT)}, a line each")
    return None


def _read_state(lines: list[tuple[str, str]], found: Findings) -> Delta | None:
    kinds = [keyword for keyword, _ in lines]
    unknown = [keyword for keyword in kinds if keyword not in _ORDER]
    if unknown:
        found.add(Code.E09, repr(unknown[0][:40]))
        return None
    if kinds != sorted(kinds, key=_ORDER.__getitem__) or kinds.count("d") != 1 or kinds.count("end") != 1:
        found.add(Code.E08, f"a state is {', '.join(_ORDER)} in this order")
        return None
    steps, reason = [_number(word) for word in lines[0][1].split(" ")], lines[-1][1]
    data: dict[str, Any] = {name: [] for name, _ in _LINES.values()}
    data["d"] = dict(zip(STATE_VARS, steps, strict=True)) if len(steps) == len(STATE_VARS) else None
    data["end"], data["end_reason"] = reason != NO_END, None if reason == NO_END else reason
    for keyword, rest in lines[1:-1]:
        name, fields = _LINES[keyword]
        data[name].append(_item(fields, rest))
    return delta_of(data, found)


def _item(fields: tuple[str, ...], rest: str) -> dict[str, Any]:
    """What a line says; what it lacks stays away, which `delta_of` finds."""
    words = [word.strip(BLANK) for word in rest.split(" ", len(fields) - 1)] if rest else []
    item: dict[str, Any] = dict(zip(fields, words, strict=False))
    if len(words) == len(fields) - 1 and fields[-1] in _OPTIONAL:
        item[fields[-1]] = ""
    item |= {key: _number(item[key]) for key in item if key in _NUMBERS}
    if "reversible" in item:
        item["reversible"] = COMMITS.get(item["reversible"])
    return item


def _number(word: str) -> int | str:
    return _SMALL[word] if word in _SMALL else int(word) if _INTEGER.fullmatch(word) else word


def render_short(trace: Trace) -> str:
    """The inverse, without the thoughts. Raises ValueError for a text of several lines, or with blanks around it."""
    delta = trace.delta
    commits = {reversible: word for word, reversible in COMMITS.items()}
    lines = [
        *("<think>", f"act {trace.intent_act}", f"trap {','.join(trace.trap_ids) or NONE}"),
        *(f"touched {','.join(trace.touched) or NONE}", f"move {trace.move}", "</think>", "<state>"),
        " ".join(["d", *(str(delta.d[name]) for name in STATE_VARS)]),
    ]
    for keyword, (name, fields) in _LINES.items():
        for item in getattr(delta, name):
            values = [commits[item.reversible] if field == "reversible" else str(getattr(item, field)) for field in fields]
            if any("\n" in value or value != value.strip(BLANK) for value in values):
                raise ValueError(f"a {keyword} line cannot hold {values[-1]!r}")
            lines.append(" ".join([keyword, *values]).rstrip(" "))
    return "\n".join([*lines, f"end {delta.end_reason or NO_END}", "</state>", f"<answer>{trace.answer}</answer>"])
