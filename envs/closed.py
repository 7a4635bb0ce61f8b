"""Closed answers to a question: yes, no, maybe. How they are said, and how whatever a partner says is heard.

Invariant: what names two answers, or none, is no answer: nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from envs.text import words

Answer = Literal["yes", "no", "maybe"]

SAID: dict[Answer, str] = {"yes": "Yes.", "no": "No.", "maybe": "Maybe."}
CHOICES: tuple[str, ...] = tuple(SAID.values())
"""As they are said."""

_LABEL = re.compile(r"\banswer\W*:", re.IGNORECASE)
_REFUSAL = re.compile(r"[\W_]*no(?:[\W_]*$|[^\S\n]*[.,;:!)*\]\"\n\N{EM DASH}]|[^\S\n]+[-\N{EN DASH}])", re.IGNORECASE)
"""A "no" that stands for itself: "no idea" and "no doubt" mean something else."""


def heard(text: str) -> Answer | None:
    """The closed answer that a text begins with, or that follows its first "Answer:"; None if it names another one besides."""
    plain = unicodedata.normalize("NFKC", text)
    said = _LABEL.split(plain, maxsplit=1)[-1]
    found = words(said)
    answer: Answer | None = next((answer for answer in SAID if found[:1] == (answer,)), None)
    alone = {word for word in found if word in SAID} == {answer}
    return answer if alone and (answer != "no" or _REFUSAL.match(said)) else None
