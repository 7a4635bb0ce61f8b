"""What to say when a turn is malformed and the conversation must go on: for talking to people, never for training.

Invariant: a `Guess` is no `ParseResult` and has no level, errors or trace, so no reward, transition or metric accepts it; and
nothing but this module makes one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from envs.usersim.trace.grammar import RESERVED
from envs.usersim.trace.strict_json import load_strict

FALLBACK = "Sorry, what was that?"
"""Where there are no words to be found: a conversation never ends by accident."""
_TAG = re.compile(rf"</?(?:{'|'.join(RESERVED)})\b[^<>]*+>?", re.IGNORECASE)
_ENDS = re.compile(r'"end(?:_session)?"[ \t\r\n]*+:[ \t\r\n]*+true\b|^[ \t]*+end (?!no\b)[a-z_]+', re.MULTILINE)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a turn may have been meant to say."""

    utterance: str
    ends: bool
    """Whether the user seems to hang up."""


def lenient_parse(text: str) -> Guess:
    """The words after the last `<answer>`, or after the last block there is; never empty."""
    _, opened, words = text.rpartition("<answer>")
    if not opened:
        words = re.split("</(?:state|think|tone)>", text)[-1]
    words = words.partition("</answer>")[0]
    words = _TAG.sub(" ", _response(words) or words)
    return Guess(" ".join(_CONTROLS.sub("", words).split()) or FALLBACK, _ENDS.search(text) is not None)


def _response(words: str) -> str | None:
    """The words within `r1compat`'s JSON."""
    try:
        turn = load_strict(words)
    except ValueError:
        return None
    response = turn.get("response") if isinstance(turn, dict) else None
    return response if isinstance(response, str) else None
