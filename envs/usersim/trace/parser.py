"""The strict parser: raw text of a user's turn in, a legal trace or its errors out. Section 6.4 of the specification.

Invariants
- Nothing is repaired and nothing raised, whatever the text; time is linear in its length.
- A turn of level `OK` or `SOFT` has a trace, any other none. `parse(render(trace, profile), ...).trace == trace`.
- What the agent said is compared with quotes and scanned by rule; no text in it can change how a turn is read.
"""

from __future__ import annotations

from envs.usersim.schema.delta import Delta
from envs.usersim.trace.checks import check_turn
from envs.usersim.trace.context import Context
from envs.usersim.trace.envelope import envelope, normalised
from envs.usersim.trace.errors import Code, Findings, Level
from envs.usersim.trace.grammar import BLANK, TOP
from envs.usersim.trace.state_block import read_state
from envs.usersim.trace.think_block import Intentions, read_think
from envs.usersim.trace.trace import ParseResult, Profile, Thoughts, Trace
from envs.usersim.trace.utterance import check_utterance

Draft = tuple[Intentions, Thoughts, Delta, str]
"""What the blocks of a turn say, before anything is checked against the context."""


def parse(text: str, context: Context, truncated: bool = False, profile: Profile = "full") -> ParseResult:
    """Read a turn. `truncated`: whether its generation was cut off, which is all that is said of it then."""
    found = Findings()
    if truncated:
        found.add(Code.E28, "no end of turn")
        return ParseResult(None, found.errors(), found.level)
    draft = _draft(text, context, profile, found)
    if draft is None:
        return ParseResult(None, found.errors(), found.level)
    said, thoughts, delta, answer = draft
    check_turn(said, delta, answer, context, found)
    level = found.level
    if level > Level.SOFT:
        return ParseResult(None, found.errors(), level)
    trace = Trace(said.act, said.traps, said.touched, said.new_count, said.move, thoughts, delta, answer)
    return ParseResult(trace, found.errors(), level)


def _draft(text: str, context: Context, profile: Profile, found: Findings) -> Draft | None:
    clean = normalised(text)
    if clean is None:
        found.add(Code.E01, "too many combining marks in a row")
        return None
    blocks = envelope(clean, TOP, found)
    if blocks is None:
        return None
    think, state, answer = blocks
    declared = read_think(think, context.shortest_thought, found)
    delta = read_state(state, found)
    answer = answer.strip(BLANK)
    check_utterance(answer, context, found)
    return None if declared is None or delta is None or found.has(Code.E22) else (*declared, delta, answer)
