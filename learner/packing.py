"""First-fit packing: whole sequences into micro-batches `[1, N]` that hold at most a budget of tokens, without padding.

Sequences are taken longest first (first-fit decreasing: at most 11/9 of the fewest bins), ties in the given order, so
equal input gives equal bins. A sequence is never cut: one longer than the budget gets a bin of its own.
"""

from __future__ import annotations

from collections.abc import Sequence


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


def spread(bins: list[list[int]], lengths: Sequence[int], count: int) -> list[list[int]]:
    """Split the heaviest bins until there are `count`, or until every bin holds one sequence. Input bins are not changed.

    An idle rank would otherwise run a filler: halves cost nothing where the number of micro-batches per rank stays the
    same.
    """
    result = [list(rows) for rows in bins]
    while len(result) < count:
        heaviest = max((rows for rows in result if len(rows) > 1), key=lambda rows: sum(lengths[i] for i in rows), default=None)
        if heaviest is None:
            break
        result.remove(heaviest)
        result += [heaviest[0::2], heaviest[1::2]]
    return result
