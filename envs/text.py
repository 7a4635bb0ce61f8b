"""Words, sentences and questions of a text, as the grammars of all gyms read them. No task data, no state.

Invariant: reading ignores case, punctuation and Unicode compatibility forms, and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SENTENCE = re.compile(r"[^.!?;\n]+[.!?;\n]*")
_ABBREVIATION = re.compile(r"\b([ei])\.(g|e)\.", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, in order, without case and punctuation."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def sentences(text: str) -> list[str]:
    """The sentences of a text that hold a word."""
    plain = _ABBREVIATION.sub(r"\1\2", unicodedata.normalize("NFKC", text))
    return [sentence.strip() for sentence in _SENTENCE.findall(plain) if words(sentence)]


def questions(text: str) -> list[str]:
    """The sentences that end with a question mark."""
    return [sentence for sentence in sentences(text) if sentence.endswith("?")]
