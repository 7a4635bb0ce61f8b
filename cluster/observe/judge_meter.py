"""What the verdicts of one step were like: differences between what workers have counted since they started.

`parley status` shows the counts themselves; a guard needs the step, or one bad hour would be held against a run for days.
"""

from __future__ import annotations

from collections.abc import Mapping

from actors.judge_stats import FAILURES

COUNTED = ("requests", "retried", *FAILURES)


class JudgeMeter:
    """Remembers the last counts of each worker."""

    def __init__(self) -> None:
        self._last: dict[str, Mapping[str, float]] = {}

    def step(self, stats: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
        """The metrics of a step from each worker's `JudgeStats.to_dict`: shares of the verdicts asked for since the last
        step, in 0..1, and the worst latencies, in ms. Empty if none was asked for."""
        counts = dict.fromkeys(COUNTED, 0.0)
        for worker, now in stats.items():
            last = self._last.get(worker, {})
            if now["requests"] < last.get("requests", 0.0):  # it restarted and began to count anew
                last = {}
            for name in COUNTED:
                counts[name] += now[name] - last.get(name, 0.0)
            self._last[worker] = now
        if not counts["requests"]:
            return {}
        return {
            "judge/latency_p50_ms": max(now["latency_p50_ms"] for now in stats.values()),
            "judge/latency_p95_ms": max(now["latency_p95_ms"] for now in stats.values()),
            "judge/error_share": min(1.0, sum(counts[failure] for failure in FAILURES) / counts["requests"]),
            "judge/retried_share": counts["retried"] / counts["requests"],
        }
