"""Closed answers to a question: yes, no, maybe. How they are said, and how whatever a partner says is heard."""

from __future__ import annotations

from typing import Literal

from envs.text import words

Answer = Literal["yes", "no", "maybe"]

SAID: dict[Answer, str] = {"yes": "Yes.", "no": "No.", "maybe": "Maybe."}
CHOICES: tuple[str, ...] = tuple(SAID.values())
"""As they are said."""

_SAYS = {words(said): answer for answer, said in SAID.items()}


def heard(text: str) -> Answer | None:
    """The closed answer a text is, whatever its case and punctuation."""
    return _SAYS.get(words(text))
