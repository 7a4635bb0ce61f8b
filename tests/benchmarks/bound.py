"""What no scheduler can beat when users are slow.

A conversation needs at least the time its user slept, for its turns follow one another; a step's groups need at least that of
the longest of their conversations, `sleep[n]` for step n. The learner needs `learn` for each step and does one at a time.
With staleness s, step n may be sampled by weights s steps old, so its groups may start once step n - s - 1 has been learned,
and no sooner. Hence, with E[n] the moment at which step n has been learned:

    E[n] >= max(E[n - 1], E[n - s - 1] + sleep[n]) + learn

For s = 0 this is sleep[n] + learn per step: every step waits for its slowest conversation. For s > 0 s + 1 steps wait at the
same time, so the long sleeps of neighbours overlap, down to (sleep + learn) / (s + 1) or learn per step, whichever is more.
"""

from __future__ import annotations

from collections.abc import Sequence


def least_seconds(ends: Sequence[float], sleep: Sequence[float], learn: float, staleness: int, warm_up: int) -> float:
    """Least mean seconds of the steps after the first `warm_up`.

    `ends[n]` is when step n ended, counted from the beginning; those of the warm-up are taken as they were.
    """
    least = list(ends[:warm_up])

    def end(step: int) -> float:
        return least[step] if step >= 0 else 0.0

    for step in range(warm_up, len(ends)):
        least.append(max(end(step - 1), end(step - staleness - 1) + sleep[step]) + learn)
    return (least[-1] - end(warm_up - 1)) / (len(ends) - warm_up)
