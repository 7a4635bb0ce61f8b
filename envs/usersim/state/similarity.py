"""How alike two texts are, in any language and without a model.

- `cosine`: of counts of hashed character 3-grams; for topics. A text without letters or digits is like nothing.
- `jaccard`: of token 4-grams; for repetition. A text of fewer tokens is one gram.

Invariant: deterministic across processes (CRC-32, not Python's `hash`).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from functools import lru_cache
from math import sqrt

BUCKETS = 4096
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@lru_cache(maxsize=16384)
def tokens(text: str) -> tuple[str, ...]:
    """Words, and single characters of languages that are written without spaces; case and punctuation aside."""
    return tuple(_TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


@lru_cache(maxsize=16384)
def numbers(text: str) -> frozenset[str]:
    """The numbers of a text, without their separators of thousands."""
    return frozenset(number.replace(",", "") for number in _NUMBER.findall(unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=16384)
def cosine(first: str, second: str) -> float:
    """In [0, 1]."""
    one, other = _counts(first), _counts(second)
    if not one or not other:
        return 0.0
    if len(other) < len(one):
        one, other = other, one
    return sum(weight * other.get(bucket, 0.0) for bucket, weight in one.items())


def jaccard(first: str, second: str) -> float:
    """In [0, 1]; two empty texts are not alike."""
    one, other = grams(first), grams(second)
    return len(one & other) / len(one | other) if one or other else 0.0


@lru_cache(maxsize=16384)
def grams(text: str, size: int = 4) -> frozenset[tuple[str, ...]]:
    """The token n-grams of a text."""
    said = tokens(text)
    if len(said) < size:
        return frozenset([said] if said else [])
    return frozenset(said[at : at + size] for at in range(len(said) - size + 1))


@lru_cache(maxsize=16384)
def _counts(text: str) -> dict[int, float]:
    """Hashed 3-grams with weights of unit length; words are padded, so that short ones count."""
    padded = " ".join(["", *tokens(text), ""])
    found = Counter(zlib.crc32(padded[at : at + 3].encode()) % BUCKETS for at in range(len(padded) - 2))
    length = sqrt(sum(count * count for count in found.values()))
    return {bucket: count / length for bucket, count in found.items()}
