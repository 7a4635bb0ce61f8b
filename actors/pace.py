"""When the next request may start: a pure state machine, without a clock.

Invariant: two starts are at least a minute / `per_minute` apart, and none lies in a pause that the server asked for.
"""

from __future__ import annotations


class Pace:
    """Times are on the caller's clock, in seconds."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._free = 0.0
        self._paused_until = 0.0

    def wait(self, now: float) -> float:
        """How long a request that wants to start now has to wait before it asks again; 0: it may start."""
        return max(self._free, self._paused_until, now) - now

    def start(self, now: float) -> None:
        """A request starts. Raises ValueError before its time."""
        if self.wait(now) > 0:
            raise ValueError(f"the next start is in {self.wait(now):g} s")
        self._free = now + self._gap

    def pause(self, until: float) -> None:
        """Nothing starts before `until`."""
        self._paused_until = max(self._paused_until, until)
