"""What an evaluation measured: means over tasks with intervals, gym by gym and over gyms.

A task's value is the mean over its scored episodes; a gym's is the mean over tasks, and that of several gyms the mean over all
of their tasks, so gyms count by their items. Intervals are 95 % bootstraps over tasks. An episode that failed is counted and in
no mean but the judge's error rate; a task without a scored episode is no item.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from cluster.evaluation.pass_k import pass_all, pass_any
from cluster.evaluation.results import Result, grouped
from cluster.evaluation.setting import HELD_IN, HELD_OUT
from cluster.record.statistics import Estimate, bootstrap_mean

ALL = ""
"""The gym of a row over several gyms."""
BOTH = "all"
"""The tasks of a row over held-in and held-out gyms."""
MEASURES: dict[str, Callable[[Result], float | None]] = {
    "score": lambda result: result.score,
    "success": lambda result: float(result.success),
    "return": lambda result: sum(result.turn_rewards),
    "turns": lambda result: float(len(result.turn_rewards)),
    "tokens": lambda result: result.tokens,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One agent against one user on some tasks."""

    agent: str
    user: str
    how: str
    tasks: str
    gym: str
    items: int
    """Tasks with a scored episode."""
    episodes: int
    masked: int
    """Of them, those that failed."""
    measures: dict[str, Estimate | None]
    """MEASURES, and `judge_errors`: the share of all episodes whose judge gave no verdict."""
    pass_all: dict[int, Estimate]
    """By k; over the tasks with so many scored episodes."""
    pass_any: dict[int, Estimate]


def measured(results: Sequence[Result], seed: int) -> list[Row]:
    """Every row there is something to say of: each gym, and all gyms of a set, and of both, where there are several."""
    rows = []
    for (agent, user, how), own in grouped(results, lambda each: (each.agent, each.user, each.how)).items():
        sets = {tasks: [each for each in own if each.tasks == tasks] for tasks in (HELD_IN, HELD_OUT)}
        for tasks, part in sets.items():
            gyms = grouped(part, lambda each: each.gym)
            rows += [row(agent, user, how, tasks, gym, of_gym, seed) for gym, of_gym in sorted(gyms.items())]
            rows += [row(agent, user, how, tasks, ALL, part, seed)] if len(gyms) > 1 else []
        rows += [row(agent, user, how, BOTH, ALL, own, seed)] if all(sets.values()) else []
    return rows


def row(agent: str, user: str, how: str, tasks: str, gym: str, results: Sequence[Result], seed: int) -> Row:
    """What these episodes say."""
    scored = grouped((each for each in results if each.ok), lambda each: each.item)
    judged = grouped(results, lambda each: each.item)
    errors = [fmean(float(each.judge_failed) for each in of_task) for of_task in judged.values()]
    measures = {name: _over_tasks(scored.values(), value, seed) for name, value in MEASURES.items()}
    successes = [[each.success for each in of_task] for of_task in scored.values()]
    most = max(map(len, successes), default=0)
    masked = sum(not each.ok for each in results)
    return Row(
        *(agent, user, how, tasks, gym, len(scored), len(results), masked),
        {**measures, "judge_errors": bootstrap_mean(errors, seed)},
        {k: _passed(pass_all, successes, k, seed) for k in range(1, most + 1)},
        {k: _passed(pass_any, successes, k, seed) for k in range(1, most + 1)},
    )


def matrix(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, Row]]]:
    """The transfer matrix: how and tasks -> agent -> user -> the row over all gyms of that set."""
    found: dict[str, dict[str, dict[str, Row]]] = {}
    for _, same in grouped(rows, lambda each: (each.agent, each.user, each.how, each.tasks)).items():
        whole = next((each for each in same if each.gym == ALL), same[0])
        found.setdefault(f"{whole.how}, {whole.tasks}", {}).setdefault(whole.agent, {})[whole.user] = whole
    return found


def as_json(row: Row) -> dict[str, Any]:
    """For `evaluation.json`."""
    names = ("agent", "user", "how", "tasks", "gym", "items", "episodes", "masked")
    k = {name: {str(k): value for k, value in getattr(row, name).items()} for name in ("pass_all", "pass_any")}
    return {name: getattr(row, name) for name in names} | row.measures | k


def _over_tasks(tasks: Any, value: Callable[[Result], float | None], seed: int) -> Estimate | None:
    """None where something was not measured."""
    means: list[float] = []
    for of_task in tasks:
        known = [found for each in of_task if (found := value(each)) is not None]
        if len(known) < len(of_task):
            return None
        means.append(fmean(known))
    return bootstrap_mean(means, seed) if means else None


def _passed(estimator: Callable[[Sequence[bool], int], float], tasks: Sequence[Sequence[bool]], k: int, seed: int) -> Estimate:
    return bootstrap_mean([estimator(of_task, k) for of_task in tasks if len(of_task) >= k], seed)
