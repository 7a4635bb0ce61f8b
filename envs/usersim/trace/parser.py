"""The strict parser: raw text of a user's turn in, a legal trace or its errors out. Section 6.4 of the specification.

Invariants
- Nothing is repaired and nothing raised, whatever the text; time is linear in its length.
- A turn of level `OK` or `SOFT` has a trace, any other none. `parse(render(trace, profile), ...).trace == trace`.
- What the agent said is compared with quotes and scanned by rule; no text in it can change how a turn is read.
"""

from __future__ import annotations

from envs.usersim.trace.checks import check_turn
from envs.usersim.trace.context import Context
from envs.usersim.trace.envelope import normalised
from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.full import Draft, read_full
from envs.usersim.trace.r1compat import read_r1compat
from envs.usersim.trace.rewrite import read_rewrite
from envs.usersim.trace.short import read_short
from envs.usersim.trace.trace import ParseResult, Profile, Trace

_READERS = {"full": read_full, "short": read_short, "r1compat": read_r1compat, "rewrite": read_rewrite}


def parse(text: str, context: Context, truncated: bool = False, profile: Profile = "full") -> ParseResult:
    """Read a turn. `truncated`: whether its generation was cut off, which is all that is said of it then."""
    found = Findings()
    draft = _draft(text, context, truncated, profile, found)
    if draft is None:
        return ParseResult(None, found.errors(), found.level)
    said, thoughts, delta, answer = draft
    check_turn(said, delta, answer, context, found)
    if found.broken:
        return ParseResult(None, found.errors(), found.level)
    trace = Trace(said.act, said.traps, said.touched, said.new_count, said.move, thoughts, delta, answer)
    return ParseResult(trace, found.errors(), found.level)


def _draft(text: str, context: Context, truncated: bool, profile: Profile, found: Findings) -> Draft | None:
    if truncated:
        found.add(Code.E28, "no end of turn")
        return None
    clean = normalised(text)
    if clean is None:
        found.add(Code.E01, "too many combining marks in a row")
        return None
    return _READERS[profile](clean, context, found)
