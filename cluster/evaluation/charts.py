"""The plots of an evaluation, as panels that the page draws: gyms beside each other, users beside each other, pass^k by k."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cluster.evaluation.measures import ALL, Row
from cluster.evaluation.outcome import Outcome
from cluster.evaluation.results import grouped
from cluster.record.statistics import Estimate
from cluster.report.series import Panel, Series

SPREAD = 0.5
"""How much of a name's place its points take up."""
BY_GYM = (("score", "share"), ("success", "share"), ("turns", "per episode"))


def panels(outcome: Outcome) -> list[Panel]:
    """Those that have something to compare."""
    return [*_by_gym(outcome.rows), *_by_user(outcome), *_by_k(outcome)]


def _by_gym(rows: Sequence[Row]) -> Iterator[Panel]:
    """A panel per measure, a series for each agent, user and way of playing."""
    gyms = list(dict.fromkeys(row.gym for row in rows if row.gym != ALL))
    lines = grouped((row for row in rows if row.gym != ALL), lambda row: (row.agent, row.user, row.how))
    for measure, unit in BY_GYM:
        found = {
            f"{agent} with {user}, {how}": {gyms.index(row.gym): row.measures[measure] for row in own}
            for (agent, user, how), own in lines.items()
        }
        yield from beside(f"{measure} by gym", unit, found, gyms)


def _by_user(outcome: Outcome) -> Iterator[Panel]:
    """A panel per set of tasks and way of playing, a series per agent."""
    users = list(outcome.users)
    for place, agents in outcome.matrix.items() if len(users) > 1 else ():
        found = {agent: {users.index(user): row.measures["score"] for user, row in of.items()} for agent, of in agents.items()}
        yield from beside(f"score by user: {place}", "share", found, users)


def _by_k(outcome: Outcome) -> Iterator[Panel]:
    """A panel per agent, user and way of playing, a series per gym."""
    if outcome.repeats < 2:
        return
    for (agent, user, how), own in grouped(outcome.rows, lambda row: (row.agent, row.user, row.how)).items():
        series = [_line(row.gym, {float(k): value for k, value in row.pass_all.items()}) for row in own if row.gym != ALL]
        yield Panel(f"pass^k: {agent} with {user}, {how}", "share of tasks", [line for line in series if line.x], x="k")


def beside(title: str, unit: str, found: dict[str, dict[int, Estimate | None]], names: list[str]) -> Iterator[Panel]:
    """Series side by side at each name."""
    gap = SPREAD / max(1, len(found))
    series = [
        _line(label, {place + gap * (number - (len(found) - 1) / 2): value for place, value in points.items()})
        for number, (label, points) in enumerate(found.items())
    ]
    if drawn := [line for line in series if line.x]:
        yield Panel(title, unit, drawn, names=names)


def _line(label: str, points: dict[float, Estimate | None]) -> Series:
    there = {x: value for x, value in sorted(points.items()) if value is not None}
    mean, low, high = ([value[key] for value in there.values()] for key in ("mean", "low", "high"))
    return Series(label, list(there), mean, low, high)
