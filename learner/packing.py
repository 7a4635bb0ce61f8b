"""First-fit packing: whole sequences into micro-batches `[1, N]` that hold at most a budget of tokens, without padding.

What is packed are families: rows that begin alike and are kept together, so that their beginning is computed, and counted,
once. A row like no other is a family of its own. Families are taken longest first (first-fit decreasing: at most 11/9 of
the fewest bins), ties in the given order, so equal input gives equal bins. A sequence is never cut: one longer than the
budget gets a bin of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from learner.prefixes import Prefixes
from learner.sequences import Sequences

LEAST_SHARED = 1 / 8
"""Of a row's tokens, for it to join a family; and of a micro-batch's, to be worth the bookkeeping."""
MOST_REPEATED = 4
"""Attention still sees every row whole, so the rows of a micro-batch hold at most so many budgets together."""


def first_fit(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices into `lengths`, bin by bin. Every index appears once; a bin holds at most `budget` tokens or one sequence."""
    bins: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        for number, free in enumerate(room):
            if lengths[index] <= free:
                bins[number].append(index)
                room[number] -= lengths[index]
                break
        else:
            bins.append([index])
            room.append(budget - lengths[index])
    return bins


def pack_rows(sequences: Sequences, rows: Sequence[int], budget: int) -> list[list[int]]:
    """Indices into `rows`, bin by bin, families together."""
    families, costs = _families(sequences, rows, budget)
    order = sorted(range(len(families)), key=lambda number: families[number][0])
    bins = first_fit([costs[number] for number in order], budget)
    return [[index for place in chosen for index in families[order[place]]] for chosen in bins]


def _families(sequences: Sequences, rows: Sequence[int], budget: int) -> tuple[list[list[int]], list[int]]:
    """Families that fit into a bin, or are one row, and what each takes of the budget."""
    prefixes = Prefixes.of(sequences, rows)
    families: list[list[int]] = []
    costs: list[int] = []
    new = total = 0
    for index, shared in zip(prefixes.order, prefixes.shared, strict=True):
        length = int(sequences.lengths[rows[index]])
        together = max(new + length - shared, -(-(total + length) // MOST_REPEATED))
        if families and shared >= LEAST_SHARED * length and together <= budget:
            families[-1].append(index)
            costs[-1], new, total = together, new + length - shared, total + length
        else:
            families.append([index])
            costs.append(length)
            new = total = length
    return families, costs


def spread(bins: list[list[int]], lengths: Sequence[int], count: int) -> list[list[int]]:
    """Split the heaviest bins until there are `count`, or until every bin holds one sequence. Input bins are not changed.

    An idle rank would otherwise run a filler: halves cost nothing where the number of micro-batches per rank stays the
    same. Neighbours stay together, for they may share a beginning.
    """
    result = [list(rows) for rows in bins]
    while len(result) < count:
        heaviest = max((rows for rows in result if len(rows) > 1), key=lambda rows: sum(lengths[i] for i in rows), default=None)
        if heaviest is None:
            break
        result.remove(heaviest)
        half = _middle([lengths[i] for i in heaviest])
        result += [heaviest[:half], heaviest[half:]]
    return result


def _middle(lengths: Sequence[int]) -> int:
    """Where to cut, so that both halves hold something and are as level as can be."""
    before = list(accumulate(lengths))
    return min(range(1, len(lengths)), key=lambda place: abs(2 * before[place - 1] - before[-1]))
