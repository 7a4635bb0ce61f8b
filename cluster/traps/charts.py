"""The plots of the trap benchmark: BSI of all traps, what is left of the ladders, and a plot for each trap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cluster.evaluation.charts import beside
from cluster.report.series import Panel, Series
from cluster.traps.result import Result, trap_label
from cluster.traps.tables import NAMES
from envs.usersim.metrics.clusters import Estimate
from envs.usersim.schema.enums import TRAPS

SHOWN = ("bsi", "told_apart", "trr", "bar", "trap_score", "detect", "cmr", "goal", "ocr", "tdr_f1")


def panels(result: Result) -> list[Panel]:
    """A series for every user."""
    by_trap = {name: {trap: found["bsi"] for trap, found in user.by_trap.items()} for name, user in result.users.items()}
    drawn = [*beside("BSI by trap", "share", _placed(by_trap, list(TRAPS)), list(TRAPS)), _survival(result)]
    for trap in TRAPS:
        own = {name: user.by_trap[trap] for name, user in result.users.items()}
        drawn += beside(trap_label(trap), "share", _placed(own, SHOWN), [NAMES[key] for key in SHOWN])
    return drawn


def _placed(found: Mapping[str, Mapping[Any, Estimate | None]], keys: Sequence[str]) -> dict[str, dict[int, Estimate | None]]:
    return {name: {place: own[key] for place, key in enumerate(keys)} for name, own in found.items()}


def _survival(result: Result) -> Panel:
    lines = [
        Series(name, [float(level) for level in range(len(user.survival))], list(user.survival))
        for name, user in result.users.items()
    ]
    return Panel("Ladders survived", "share", lines, x="level")
