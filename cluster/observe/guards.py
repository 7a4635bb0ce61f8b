"""Watches the scalars of a run and raises the alarm when they call for a person.

A pure state machine: `look` is told the scalars of an iteration and answers with alarms; it has no clock and no output.

Invariants
- A guard raises an alarm when its condition begins, then every `REPEAT` iterations while it lasts, and at once if it
  comes back after it had cleared.
- A guarded number that is not finite is an alarm. One that was not measured changes nothing.
- What is compared with the past is compared with finite values of earlier iterations only, and not before there are
  `baseline_iterations` of them.
- `state` is JSON; a restored machine raises the alarms that the first one would have raised.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

from cluster.config.sections import GuardName, GuardsConfig
from cluster.observe.alarm import Alarm
from cluster.observe.guard import FREE, GUARDS, Bounds

REPEAT = 10
"""Iterations from one alarm to the next while the condition lasts."""
WINDOW = 20
"""Iterations that `recent` looks back on: enough to outvote a spike, few enough to follow a trend."""


class Guards:
    """The guards of one run that have a limit."""

    def __init__(self, config: GuardsConfig) -> None:
        self._limits: dict[GuardName, float] = {name: limit for name in GUARDS if (limit := getattr(config, name)) is not None}
        self._abort, self._enough = frozenset(config.abort), config.baseline_iterations
        self._past: dict[str, list[float]] = {}
        """What relative guards compare with."""
        self._raised: dict[str, int] = {}
        """The iteration of the last alarm of every guard whose condition lasts."""

    def look(self, iteration: int, scalars: Mapping[str, float]) -> list[Alarm]:
        """The alarms of one iteration; to be told of every iteration once, in order."""
        alarms = []
        for name, limit in self._limits.items():
            value = scalars.get(GUARDS[name].metric)
            if value is None:
                continue
            low, high = self._bounds(name, limit)
            if low <= value <= high and math.isfinite(value):
                self._raised.pop(name, None)
            elif name not in self._raised or iteration - self._raised[name] >= REPEAT:
                self._raised[name] = iteration
                alarms.append(self._alarm(iteration, name, value, low, high))
            self._remember(name, value)
        return alarms

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; JSON-serialisable."""
        return {"past": {name: list(values) for name, values in self._past.items()}, "raised": dict(self._raised)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from `state`."""
        self._past = {name: list(values) for name, values in state["past"].items()}
        self._raised = dict(state["raised"])

    def _bounds(self, name: GuardName, limit: float) -> Bounds:
        guard, past = GUARDS[name], self._past.get(name, [])
        if guard.reference == "none":
            return guard.bounds(limit, 0.0)
        usual = median(past) if len(past) >= self._enough else 0.0
        return guard.bounds(limit, usual) if usual > 0.0 else FREE  # of nothing there is no multiple

    def _remember(self, name: GuardName, value: float) -> None:
        kind, past = GUARDS[name].reference, self._past.get(name, [])
        if kind == "none" or not math.isfinite(value):
            return
        if kind == "recent":
            self._past[name] = [*past, value][-max(WINDOW, self._enough) :]
        elif len(past) < self._enough:
            self._past[name] = [*past, value]

    def _alarm(self, iteration: int, name: GuardName, value: float, low: float, high: float) -> Alarm:
        guard = GUARDS[name]
        broken = low if value < low else high
        limit = next((bound for bound in (broken, low, high) if math.isfinite(bound)), None)
        if math.isfinite(value):
            what = f"{'below' if value < low else 'above'} {broken:.3g}"
        else:
            what = "which cannot be compared with anything"
        message = f"{guard.metric} is {value:.3g}, {what}: {guard.advice}."
        return Alarm(iteration, name, guard.metric, value, limit, message, name in self._abort)


__all__ = ["REPEAT", "WINDOW", "Alarm", "Guards"]
