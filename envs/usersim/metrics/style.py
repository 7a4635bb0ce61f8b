"""How a user talks, by rule: how far from its persona's way of speaking, how that changes in a call, and what sounds robotic.

A person's style is what `static_profile/v1` says of it in numbers: the length of an utterance and the share of fillers. The
specification's prompt-to-line, line-to-line and QA consistency need a judge; these need none, and see less.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from statistics import fmean

from envs.usersim.schema.static_profile import Expression
from envs.usersim.state.signs import REPEATED
from envs.usersim.state.similarity import jaccard, tokens
from envs.usersim.trace.units import units

MOST_FILLERS = 0.3
"""The highest filler rate that a persona may have."""
SOUNDS = ("E24", "E25", "E27")
"""Errors of who sounds like no person: an assistant's phrases, internal values, markup."""
FEWEST = 4
"""Utterances of a call with a drift: two in each half."""


def style_distances(answers: Sequence[str], expression: Expression) -> tuple[float, ...]:
    """Each utterance's distance from the persona's style, in [0, 1]: the mean of two parts, both at most 1.

    Length: |ln(n / mu)| of the units n and the persona's target mu. Fillers: |share - rate| / .3 of the share of the words
    that are the persona's fillers.
    """
    return tuple((_length(said, expression) + _fillers(said, expression)) / 2 for said in answers)


def drift(distances: Sequence[float]) -> float | None:
    """How much further from the persona the second half of a call is than the first, in [-1, 1]; the middle one of an odd
    number belongs to neither. None of fewer than four utterances."""
    if len(distances) < FEWEST:
        return None
    half = len(distances) // 2
    return fmean(distances[-half:]) - fmean(distances[:half])


def robotic(answers: Sequence[str], errors: Sequence[Sequence[str]]) -> tuple[bool, ...]:
    """Which utterances sound like no person: one of SOUNDS, or nearly what was said before (4-gram Jaccard from .5 on)."""
    return tuple(
        any(code in SOUNDS for code in codes) or any(jaccard(said, other) >= REPEATED for other in answers[:place])
        for place, (said, codes) in enumerate(zip(answers, errors, strict=True))
    )


def _length(said: str, expression: Expression) -> float:
    return min(1.0, abs(log(max(units(said), 1) / expression.verbosity_units)))


def _fillers(said: str, expression: Expression) -> float:
    words = tokens(said)
    sounds = [tokens(sound) for sound in expression.disfluency]
    filled = sum(len(sound) for sound in sounds for at in range(len(words)) if words[at : at + len(sound)] == sound)
    return min(1.0, abs(filled / max(len(words), 1) - expression.filler_rate) / MOST_FILLERS)
