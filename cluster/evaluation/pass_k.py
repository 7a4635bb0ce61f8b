"""pass^k and pass@k: how often k episodes of one task all succeed, or at least one does.

With c successes among the n episodes of a task, drawing k of them without putting back gives unbiased estimates:
- pass^k = C(c, k) / C(n, k): all k succeed (tau-bench, arXiv 2406.12045). How far an agent can be relied on.
- pass@k = 1 - C(n - c, k) / C(n, k): one of k succeeds (Chen et al., arXiv 2107.03374). What a choice among k could reach.
Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb


def pass_all(successes: Sequence[bool], k: int) -> float:
    """pass^k of one task from all of its n episodes. Raises ValueError unless 1 <= k <= n."""
    _check(successes, k)
    return comb(sum(successes), k) / comb(len(successes), k)


def pass_any(successes: Sequence[bool], k: int) -> float:
    """pass@k of one task from all of its n episodes. Raises ValueError unless 1 <= k <= n."""
    _check(successes, k)
    return 1.0 - comb(len(successes) - sum(successes), k) / comb(len(successes), k)


def _check(successes: Sequence[bool], k: int) -> None:
    if not 1 <= k <= len(successes):
        raise ValueError(f"k is {k}: it must be 1 to the number of episodes, {len(successes)}")
