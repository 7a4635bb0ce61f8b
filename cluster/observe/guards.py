"""Watches the scalars of a run and raises the alarm when they call for a person.

A pure state machine: `look` is told the scalars of an iteration and answers with alarms; it has no clock and no output.

Invariants
- A guard raises an alarm when its condition begins, then every `REPEAT` iterations while it lasts, and at once if it
  comes back after it had cleared.
- A guarded number that is not finite is an alarm. One that was not measured changes nothing.
- A guard of two metrics alarms when both are out of their bounds.
- What is compared with the past is compared with finite values of earlier iterations only, and not before there are
  `baseline_iterations` of them.
- `state` is JSON; a restored machine raises the alarms that the first one would have raised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from cluster.config.sections import GuardName, GuardsConfig
from cluster.observe.alarm import Alarm
from cluster.observe.guard import FREE, GUARDS, Bounds

REPEAT = 10
"""Iterations from one alarm to the next while the condition lasts."""
WINDOW = 20
"""Iterations that `recent` looks back on: enough to outvote a spike, few enough to follow a trend."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A guarded number and what it was to stay within."""

    metric: str
    value: float
    low: float
    high: float

    @property
    def limit(self) -> float | None:
        """The bound that it broke, or else one that it has."""
        broken = self.low if self.value < self.low else self.high
        return next((bound for bound in (broken, self.low, self.high) if math.isfinite(bound)), None)

    def __str__(self) -> str:
        if not math.isfinite(self.value):
            return f"{self.metric} is {self.value:.3g}, which cannot be compared with anything"
        side = f"below {self.low:.3g}" if self.value < self.low else f"above {self.high:.3g}"
        return f"{self.metric} is {self.value:.3g}, {side}"


class Guards:
    """The guards of one run that have a limit."""

    def __init__(self, config: GuardsConfig) -> None:
        self._limits: dict[GuardName, float] = {name: limit for name in GUARDS if (limit := getattr(config, name)) is not None}
        self._abort, self._enough = frozenset(config.abort), config.baseline_iterations
        self._past: dict[str, list[float]] = {}
        """What relative guards compare with, by guard and metric."""
        self._raised: dict[str, int] = {}
        """The iteration of the last alarm of every guard whose condition lasts."""

    def look(self, iteration: int, scalars: Mapping[str, float]) -> list[Alarm]:
        """The alarms of one iteration; to be told of every iteration once, in order."""
        alarms = []
        for name, limit in self._limits.items():
            readings = self._readings(name, limit, scalars)
            broken = [one for one in readings if not math.isfinite(one.value)]
            if len(readings) < len(GUARDS[name].metrics) and not broken:
                continue
            if not broken and any(one.low <= one.value <= one.high for one in readings):
                self._raised.pop(name, None)
            elif name not in self._raised or iteration - self._raised[name] >= REPEAT:
                self._raised[name] = iteration
                alarms.append(self._alarm(iteration, name, broken or readings))
            for one in readings:
                self._remember(name, one)
        return alarms

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; JSON-serialisable."""
        return {"past": {name: list(values) for name, values in self._past.items()}, "raised": dict(self._raised)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from `state`."""
        self._past = {name: list(values) for name, values in state["past"].items()}
        self._raised = dict(state["raised"])

    def _readings(self, name: GuardName, limit: float, scalars: Mapping[str, float]) -> list[Reading]:
        """Those of the guard's metrics that were measured."""
        values = {metric: value for metric in GUARDS[name].metrics if (value := scalars.get(metric)) is not None}
        return [Reading(metric, value, *self._bounds(name, metric, limit)) for metric, value in values.items()]

    def _bounds(self, name: GuardName, metric: str, limit: float) -> Bounds:
        guard, past = GUARDS[name], self._past.get(_key(name, metric), [])
        if guard.reference == "none":
            return guard.bounds(limit, 0.0)
        usual = median(past) if len(past) >= self._enough else 0.0
        return guard.bounds(limit, usual) if usual > 0.0 else FREE  # of nothing there is no multiple

    def _remember(self, name: GuardName, reading: Reading) -> None:
        kind, key = GUARDS[name].reference, _key(name, reading.metric)
        past = self._past.get(key, [])
        if kind == "none" or not math.isfinite(reading.value):
            return
        if kind == "recent":
            self._past[key] = [*past, reading.value][-max(WINDOW, self._enough) :]
        elif len(past) < self._enough:
            self._past[key] = [*past, reading.value]

    def _alarm(self, iteration: int, name: GuardName, wrong: Sequence[Reading]) -> Alarm:
        message = f"{' and '.join(map(str, wrong))}: {GUARDS[name].advice}."
        first = wrong[0]
        return Alarm(iteration, name, first.metric, first.value, first.limit, message, name in self._abort)


def _key(name: GuardName, metric: str) -> str:
    return f"{name} {metric}"


__all__ = ["REPEAT", "WINDOW", "Alarm", "Guards"]
