"""How much of a step each stage was idle: a pure function of successive readings of `busy_s`, without a clock of its own.

Readings come with pings, about once a second, so the window of a share is the time between two readings of that engine
and not exactly the step; a step with no new reading of an engine leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Reading:
    """`busy_s` of one component, as it was at time `at` (seconds on any steady clock)."""

    name: str
    stage: str
    at: float
    busy_s: float


class Meter:
    """Remembers the last reading of each component and the end of the last step."""

    def __init__(self) -> None:
        self._last: dict[str, Reading] = {}
        self._ended: float | None = None

    def step(self, now: float, learn_s: float, readings: Iterable[Reading]) -> dict[str, float]:
        """A step ended `now`, `learn_s` of which the learner worked: `time/step` in seconds and `idle/<stage>` in 0..1."""
        shares: dict[str, list[float]] = {}
        for reading in readings:
            last = self._last.get(reading.name)
            self._last[reading.name] = reading
            # A component that restarted began to count anew.
            if last is not None and reading.at > last.at and reading.busy_s >= last.busy_s:
                busy = (reading.busy_s - last.busy_s) / (reading.at - last.at)
                shares.setdefault(reading.stage, []).append(min(1.0, busy))
        scalars = {f"idle/{stage}": 1.0 - fmean(busy) for stage, busy in shares.items()}
        if self._ended is not None and now > self._ended:
            wall = now - self._ended
            scalars |= {"time/step": wall, "idle/learner": max(0.0, 1.0 - learn_s / wall)}
        self._ended = now
        return scalars
