"""The plots of the calls: the headline numbers by agent, how turns were read, how calls ended, and likeness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cluster.calls.result import ALL, Result
from cluster.calls.tables import NAMES
from cluster.evaluation.charts import beside
from cluster.report.series import Panel
from envs.usersim.metrics.clusters import Estimate

BY_GROUP = ("score", "goal", "surplus", "premature", "overstay", "breach", "v_state", "robotic", "style", "drift")
LEVELS = ("ok", "soft", "hard", "fatal")
LIKENESS = ("run_decision", "people_decision", "run_words", "people_words")


def panels(result: Result) -> list[Panel]:
    """A series for every user."""
    users = result.users
    groups = list(next(iter(users.values())).groups)
    drawn = [
        panel
        for key in BY_GROUP
        for panel in _panel(NAMES[key], {u: {g: of.groups[g][key] for g in groups} for u, of in users.items()}, groups)
    ]
    for title, keys in (("How turns were read", LEVELS), ("Likeness of calls", LIKENESS)):
        found = {user: {NAMES[key]: of.groups[ALL][key] for key in keys} for user, of in users.items()}
        drawn += _panel(title, found, [NAMES[key] for key in keys])
    endings = {user: {str(end): share for end, share in of.endings.items()} for user, of in users.items()}
    drawn += _panel("How calls ended", endings, list(next(iter(endings.values()))))
    switches = {user: {str(one): share for one, share in of.switches.items()} for user, of in users.items()}
    return [*drawn, *_panel("Decided as without a switch", switches, list(next(iter(switches.values()))))]


def _panel(title: str, found: Mapping[str, Mapping[str, Estimate | None]], names: Sequence[str]) -> Iterator[Panel]:
    placed = {user: {at: values[name] for at, name in enumerate(names)} for user, values in found.items()}
    yield from beside(title, "share", placed, [name.replace("_", " ") for name in names])
