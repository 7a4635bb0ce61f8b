"""From the inside of `<think>` to intentions and thoughts: structure (E06, E08 to E10), attributes (E12, E13), length (E11).

Invariant: a well-formed block is read by one anchored pattern; whatever does not match it gets at least one finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from envs.usersim.schema.delta import MOST_NEW
from envs.usersim.schema.enums import ACTS, CHILDREN, MOVES, Act, Child, Move, TrapId
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.grammar import ATTRIBUTE, ATTRIBUTES, BLANK, CONCERN_IDS, NO_TRAP, TAG, THINK, TRAP_IDS, listed
from envs.usersim.trace.trace import Thoughts
from envs.usersim.trace.units import units

if TYPE_CHECKING:
    import re

    from envs.usersim.trace.context import Context

_ACTS: dict[str, Act] = {act: act for act in ACTS}
_MOVES: dict[str, Move] = {move: move for move in MOVES}
_COUNTS = {str(count): count for count in range(10)}


@dataclass(slots=True)
class Intentions:
    """What a thought declares besides its texts."""

    act: Act
    traps: tuple[TrapId, ...]
    touched: tuple[str, ...]
    new_count: int
    move: Move


def read_think(text: str, context: Context, found: Findings) -> tuple[Intentions, Thoughts] | None:
    """What a block declares and says; None if its structure or an attribute is wrong."""
    match = THINK.fullmatch(text)
    if match is None:
        _diagnose(text, found)
        return None
    return thought_of(match.groups(), context, found)


def thought_of(groups: Sequence[str], context: Context, found: Findings) -> tuple[Intentions, Thoughts] | None:
    """The same of the groups of `THINK`."""
    act, trap, intent, touched, new, concerns, move, plan, update, tone = groups
    thoughts = Thoughts(intent.strip(), concerns.strip(), plan.strip(), update.strip(), tone.strip())
    shortest = context.shortest_thought
    plain = map(context.scene.plain, thoughts) if context.scene.names.among("".join(groups)) else thoughts
    for place, said in enumerate(plain):
        if len(said.split(None, shortest)) < shortest and units(said) < shortest:  # as many words are more units
            found.add(Code.E11, f"<{CHILDREN[place]}> is shorter than {shortest} units")
    declared = intentions(act, trap, touched, new, move, found)
    return None if declared is None else (declared, thoughts)


def intentions(act: str, trap: str, touched: str, new: str, move: str, found: Findings) -> Intentions | None:
    """The values of the five attributes; None if one is not legal."""
    traps = () if trap == NO_TRAP else listed(trap)
    ids = listed(touched) if touched else ()
    told, done = _ACTS.get(act), _MOVES.get(move)
    if told is None:
        found.add(Code.E12, f"act is one of {', '.join(ACTS)}, not {act!r}")
    if traps is None or not TRAP_IDS.issuperset(traps):
        found.add(Code.E12, f"trap is {NO_TRAP} or different ids from T01 to T11, not {trap!r}")
    if ids is None or not CONCERN_IDS.issuperset(ids):
        found.add(Code.E12, f"touched lists different concerns, not {touched!r}")
    if done is None:
        found.add(Code.E12, f"move is one of {', '.join(MOVES)}, not {move!r}")
    count = _COUNTS.get(new)
    if count is None and (not new.isdecimal() or not new.isascii() or new[0] == "0"):
        found.add(Code.E12, f"new is a number, not {new!r}")
    elif count is None or count > MOST_NEW:
        found.add(Code.E16, f"{new} new concerns")
    if found.has(Code.E12) or told is None or done is None or ids is None or count is None:
        return None
    return Intentions(told, cast("tuple[TrapId, ...]", traps), ids, count, done)


def _diagnose(text: str, found: Findings) -> None:
    """Say what is wrong with a block that is not well-formed."""
    at, inside = 0, ""
    opened: list[str] = []
    closed: list[str] = []
    for tag in TAG.finditer(text):
        if not inside and text[at : tag.start()].strip(BLANK):
            found.add(Code.E10, repr(text[at : tag.start()].strip(BLANK)[:40]))
        at = tag.end()
        slash, name = tag.group(1), tag.group(2)
        if name not in ATTRIBUTES or not tag.group(4) or (slash and tag.group(3)):
            found.add(Code.E09, repr(tag.group()[:40]))
            inside = inside or (name if tag.group(4) and not slash else "")
            inside = "" if slash and name == inside else inside
        elif slash:
            closed.append(name)
            inside = "" if name == inside else inside
        else:
            _attributes(tag, found)
            opened.append(name)
            inside = name
    if not inside and text[at:].strip(BLANK):
        found.add(Code.E10, repr(text[at:].strip(BLANK)[:40]))
    for name in CHILDREN:
        if opened.count(name) > closed.count(name):
            found.add(Code.E06, f"<{name}>")
    if opened != list(CHILDREN) or (closed != opened and not found.has(Code.E06)) or not found.level:
        found.add(Code.E08, "the children are " + (", ".join(opened[:8]) or "missing"))


def _attributes(tag: re.Match[str], found: Findings) -> None:
    wanted = ATTRIBUTES[cast(Child, tag.group(2))]
    given = ATTRIBUTE.findall(tag.group(3))
    unknown = [name for name, _ in given if name not in wanted]
    if unknown:
        found.add(Code.E13, f"{unknown[0][:20]} of <{tag.group(2)}>")
    rebuilt = "".join(f' {name}="{value}"' for name, value in given)
    if [name for name, _ in given if name in wanted] != list(wanted) or rebuilt != tag.group(3):
        found.add(Code.E12, f"the attributes of <{tag.group(2)}> are {', '.join(wanted) or 'none'}, each once, in this order")
