"""The profile `full`: the grammar of section 6.1, as `grammar.py` writes it down."""

from __future__ import annotations

from collections.abc import Callable

from envs.usersim.schema.delta import Delta
from envs.usersim.trace.context import Context
from envs.usersim.trace.envelope import control_character, envelope, whole_turn
from envs.usersim.trace.errors import Findings
from envs.usersim.trace.grammar import BLANK, NO_TRAP, THINK, TOP
from envs.usersim.trace.state_block import read_state, state_json
from envs.usersim.trace.think_block import Intentions, read_think, thought_of
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.trace.utterance import check_utterance

Draft = tuple[Intentions, Thoughts, Delta, str]
"""What the blocks of a turn say, before anything is checked against the context."""
_WELL_FORMED = whole_turn(TOP, THINK.pattern)
"""Of a turn whose blocks and thoughts are all in their places, which most are: one pass instead of two."""


def read_full(text: str, context: Context, found: Findings) -> Draft | None:
    """What a turn in NFC says; None if a block cannot be read."""
    return draft(text, context, found, lambda state: read_state(state, found))


def draft(text: str, context: Context, found: Findings, read: Callable[[str], Delta | None]) -> Draft | None:
    """The same, with `read` for what is inside `<state>`."""
    whole = _WELL_FORMED.fullmatch(text) if control_character(text) is None else None
    if whole is not None:
        *thought, state, answer = whole.groups()
        declared = thought_of(thought, context, found)
    else:
        blocks = envelope(text, TOP, found)
        if blocks is None:
            return None
        think, state, answer = blocks
        declared = read_think(think, context, found)
    delta = read(state)
    answer = answer.strip(BLANK)
    check_utterance(answer, context, found)
    return None if declared is None or delta is None else (*declared, delta, answer)


def render_full(trace: Trace) -> str:
    """The inverse."""
    return render_with(trace, state_json(trace.delta))


def render_with(trace: Trace, state: str) -> str:
    """The inverse of `draft`."""
    said = trace.thoughts
    return "\n".join(
        [
            "<think>",
            f'<intent act="{trace.intent_act}" trap="{",".join(trace.trap_ids) or NO_TRAP}">{said.intent}</intent>',
            f'<concerns touched="{",".join(trace.touched)}" new="{trace.new_count}">{said.concerns}</concerns>',
            f'<plan move="{trace.move}">{said.plan}</plan>',
            f"<update>{said.update}</update>",
            f"<tone>{said.tone}</tone>",
            "</think>",
            f"<state>{state}</state>",
            f"<answer>{trace.answer}</answer>",
        ]
    )
