"""The surface form of a turn in the profile `full`. Section 6.1 of the specification.

    turn     := WS think WS state WS answer WS
    think    := "<think>" WS intent WS concerns WS plan WS update WS tone WS "</think>"
    intent   := '<intent act="' ACT '" trap="' ("none" | TID ("," TID)*) '">' text "</intent>"
    concerns := '<concerns touched="' [CID ("," CID)*] '" new="' INT '">' text "</concerns>"
    plan     := '<plan move="' MOVE '">' text "</plan>"
    update   := "<update>" text "</update>"
    tone     := "<tone>" text "</tone>"
    state    := "<state>" JSON "</state>"
    answer   := "<answer>" utterance "</answer>"

Invariants
- WS is space, tab and line breaks. In `text` a `<` may stand, but not before a letter, `/` or `!`: there a tag begins.
- Attributes have one order and one spelling; other orders are errors, not variants.
- Every pattern is possessive, and none is tried anew inside of what it has passed: reading is linear in the length of any text.
"""

from __future__ import annotations

import re

from envs.usersim.schema.enums import CHILDREN, TRAPS, Child

TOP = ("think", "state", "answer")
RESERVED: tuple[str, ...] = (*TOP, *CHILDREN)
ATTRIBUTES: dict[Child, tuple[str, ...]] = {
    "intent": ("act", "trap"),
    "concerns": ("touched", "new"),
    "plan": ("move",),
    "update": (),
    "tone": (),
}
BLANK = " \t\r\n"
NO_TRAP = "none"
TRAP_IDS = frozenset(TRAPS)
CONCERN_IDS = frozenset(f"{letter}{number}" for letter in "PML" for number in range(1, 100))
CLAIM_ID = re.compile("c([1-9][0-9]{0,3})")

_TEXT = r"([^<]*+(?:<(?![A-Za-z/!])[^<]*+)*+)"
_WS = rf"[{BLANK}]*+"


def _child(name: Child) -> str:
    attributes = "".join(rf' {attribute}="([^"<>]*+)"' for attribute in ATTRIBUTES[name])
    return f"<{name}{attributes}>{_TEXT}</{name}>"


THINK = re.compile(_WS + _WS.join(_child(name) for name in CHILDREN) + _WS)
"""The inside of a well-formed `<think>`. Groups: act, trap, text, touched, new, text, move, text, text, text."""
TAG = re.compile(r"<(?=[A-Za-z/!])(/?)([A-Za-z][\w-]*+)?([^<>]*+)(>?)")
"""Anything that a tag may have been meant to be. Groups: slash, name, attributes, end."""
ATTRIBUTE = re.compile(r'(?<![ \t\r\n])[ \t\r\n]++([A-Za-z_]\w*+)="([^"<>]*+)"')
"""It begins where blanks begin: tried at each of many blanks it would read all of them again."""


def listed(value: str) -> tuple[str, ...] | None:
    """The items of a comma-separated attribute; None if one is there twice."""
    items = tuple(value.split(","))
    return items if len(set(items)) == len(items) else None
