"""Tests of two users on the same items: McNemar's exact test, and Holm's correction for several tests.

McNemar's test takes items as independent; the cluster bootstrap of the difference, which does not, stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import NamedTuple


class McNemar(NamedTuple):
    """Items that only the first and only the second user passed, items in all, and the exact two-sided p."""

    only_first: int
    only_second: int
    items: int
    p: float


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> McNemar:
    """The test over items in the same order: under the null an item on which users differ is a fair coin.

    Raises ValueError for sequences of different lengths. Source: McNemar 1947, exact binomial form.
    """
    if len(first) != len(second):
        raise ValueError(f"pairs are needed, got {len(first)} and {len(second)} items")
    only_first = sum(one and not two for one, two in zip(first, second, strict=True))
    only_second = sum(two and not one for one, two in zip(first, second, strict=True))
    differ = only_first + only_second
    tail = sum(comb(differ, k) for k in range(min(only_first, only_second) + 1))
    return McNemar(only_first, only_second, len(first), min(1.0, 2 * tail / 2**differ))


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values corrected for being several, in the order given. Source: Holm 1979."""
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, ps[place] * (len(ps) - rank)))
        corrected[place] = highest
    return corrected
