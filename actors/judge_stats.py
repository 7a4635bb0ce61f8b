"""What became of the verdicts that one process asked for: counters, without a clock."""

from __future__ import annotations

from collections import Counter, deque
from typing import get_args

from rewards.verdict import Failure

WINDOW = 512
"""Verdicts that the latencies are taken over."""
FAILURES: tuple[Failure, ...] = get_args(Failure)


class JudgeStats:
    """Counts since the start; latencies of the last verdicts, retries included."""

    def __init__(self) -> None:
        self._requests = 0
        self._final: Counter[Failure] = Counter()
        self._retried: Counter[Failure] = Counter()
        self._latencies: deque[float] = deque(maxlen=WINDOW)
        self._verdicts = 0

    def asked(self) -> None:
        """A verdict is asked for."""
        self._requests += 1

    def failed(self, failure: Failure, final: bool) -> None:
        """A try failed; `final`: and so did the verdict."""
        (self._final if final else self._retried)[failure] += 1

    def decided(self, seconds: float) -> None:
        """A verdict arrived, so long after it was asked for."""
        self._verdicts += 1
        self._latencies.append(seconds)

    def to_dict(self) -> dict[str, float]:
        """`requests`, `verdicts`; final failures by name; `retried`: tries that failed and were followed by another, also by
        name as `retried_…`; `latency_p50_ms` and `latency_p95_ms`, 0 before the first verdict."""
        counts = {"requests": self._requests, "verdicts": self._verdicts}
        counts |= {failure: self._final[failure] for failure in FAILURES}
        counts |= {f"retried_{failure}": self._retried[failure] for failure in ("transport", "invalid")}
        counts["retried"] = self._retried.total()
        latencies = {f"latency_p{percent}_ms": 1000.0 * self._percentile(percent) for percent in (50, 95)}
        return {name: float(count) for name, count in counts.items()} | latencies

    def _percentile(self, percent: int) -> float:
        ordered = sorted(self._latencies)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
