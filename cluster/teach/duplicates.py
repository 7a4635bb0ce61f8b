"""Which conversations say the same: exactly, or nearly, by hashed word n-grams. Pure.

- Exactly: the same messages, whatever the task. Compared over all conversations of a gym.
- Nearly: the share of n-grams in common (Jaccard, over sets) of all that was said after the system prompt, words in lower case,
  N at a time. Compared among the conversations about one task only: those about two tasks may differ in one word, and that
  word is what the task is about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from envs.base import Message
from envs.text import words

N = 3
"""Words of an n-gram: turns are short."""


def fingerprint(messages: Sequence[Message]) -> int:
    """Equal for conversations that are the same word by word, and for no others."""
    return _hash("\0".join(part for message in messages for part in (message.role, message.content)))


def grams(messages: Sequence[Message]) -> frozenset[int]:
    """The hashed n-grams of what was said; no n-gram goes over the end of a message, and a shorter one is an n-gram itself."""
    found: set[int] = set()
    for message in messages:
        if message.role != "system" and (said := words(message.content)):
            found |= {_hash(" ".join((message.role, *said[place : place + N]))) for place in range(max(1, len(said) - N + 1))}
    return frozenset(found)


def similarity(one: frozenset[int], other: frozenset[int]) -> float:
    """Share of n-grams in common, 0 to 1."""
    return len(one & other) / len(one | other) if one or other else 1.0


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
