"""What went wrong in a run and what came back: alarms, restarts, groups that were played again or given up. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cluster.groups.lineage import lineage
from cluster.observe.guard import GUARDS
from cluster.observe.status import AlarmStatus

ALARM = "alarms/"
COUNTERS = (
    ("rollout/worker_restarts", "rollout workers that came back"),
    ("health/silent", "components ended because they did not answer"),
    ("health/restores", "returns to a checkpoint"),
    ("rollout/retried_groups", "groups played again"),
    ("rollout/dropped_groups", "groups given up"),
    ("rollout/late_answers", "answers that came too late"),
)
"""Scalars that count from the beginning of the run, and what they count."""
REASON = 160
"""Characters of a reason, which may quote what a model said."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A guard's alarm and what it said."""

    iteration: int
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened, and the iterations after which there was more of it."""

    what: str
    total: int
    iterations: list[int]


def alarms(rows: Sequence[Mapping[str, Any]], kept: Iterable[AlarmStatus]) -> list[Alarm]:
    """Every alarm of the metrics; what it said is known of those that status.json has `kept`."""
    said = {(alarm.iteration, alarm.name): alarm.message for alarm in kept}
    raised = [(row, key.removeprefix(ALARM)) for row in rows for key in row if key.startswith(ALARM)]
    return [Alarm(row["iteration"], name, said.get((row["iteration"], name)) or _measured(row, name)) for row, name in raised]


def counts(rows: Sequence[Mapping[str, Any]]) -> list[Count]:
    """The counters that are not 0."""
    found = []
    for name, what in COUNTERS:
        points = [(row["iteration"], int(row[name])) for row in rows if row.get(name) is not None]
        rises = [now for (_, before), (now, after) in zip([(0, 0), *points], points, strict=False) if after > before]
        if rises:
            found.append(Count(what, points[-1][1], rises))
    return found


def reasons(ledger: Iterable[str]) -> list[tuple[str, str, int]]:
    """(failed or dropped, reason, how often), the most frequent first, in the lineage that counts."""
    events = [event for _, event in lineage(ledger)[0] if event["event"] in ("failed", "dropped")]
    tally = Counter((str(event["event"]), str(event.get("reason", "not given"))[:REASON]) for event in events)
    return [(event, reason, count) for (event, reason), count in tally.most_common()]


def _measured(row: Mapping[str, Any], name: str) -> str:
    guard = next((guard for known, guard in GUARDS.items() if known == name), None)
    value = row.get(guard.metric) if guard else None
    return f"{guard.metric} was {'not finite' if value is None else f'{value:.3g}'}: {guard.advice}." if guard else ""
