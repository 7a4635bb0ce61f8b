"""What a guard says when it is not content, and how that is logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.config.sections import GuardName


@dataclass(frozen=True, slots=True)
class Alarm:
    """One guard that is not content."""

    iteration: int
    name: GuardName
    metric: str
    value: float
    limit: float | None
    """What the value should have stayed below, or above; None if there was nothing to compare with yet."""
    message: str
    """One sentence: the number, what it means and what to do."""
    abort: bool
    """Whether the run is to end (`guards.abort`)."""


def alarm_scalars(alarms: Sequence[Alarm]) -> dict[str, float]:
    """`alarms/<name>` = 1 for every alarm, to be logged with the other scalars of its iteration."""
    return {f"alarms/{alarm.name}": 1.0 for alarm in alarms}
