"""Rows that begin alike, in an order that puts like beside like.

The rollouts of a group share their prompt, those of a gym its instructions, and a settled policy's rollouts whole turns.
What a causal model computes for a common beginning is the same in all of them, so the learner computes it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from learner.sequences import Sequences


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Of R rows. No row shares more with any row before it in this order than with its predecessor."""

    order: list[int]
    """[R] indices into the rows asked for."""
    shared: list[int]
    """[R] how many tokens row `order[i]` begins with that `order[i - 1]` begins with too; 0 for the first."""

    @classmethod
    def of(cls, sequences: Sequences, rows: Sequence[int]) -> Prefixes:
        """Rows are sorted by the bytes of their tokens: any total order of tokens makes a common beginning adjacent."""
        tokens = [sequences.tokens[sequences.span(row)] for row in rows]
        order = sorted(range(len(rows)), key=lambda index: tokens[index].tobytes())
        shared = [_common(tokens[one], tokens[other]) for one, other in pairwise(order)]
        return cls(order, [0, *shared][: len(order)])


def _common(one: np.ndarray, other: np.ndarray) -> int:
    """The length of the common beginning."""
    least = min(len(one), len(other))
    differ = one[:least] != other[:least]
    return int(differ.argmax()) if differ.any() else least
