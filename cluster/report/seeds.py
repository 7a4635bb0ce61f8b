"""Runs that differ in their seed as Markdown tables: a table per gym, a column per run, and the mean over runs.

Every number is of summary.json; brackets are its 95 % bootstraps over tasks, which do not cover the noise of training. The
mean has none: it is of few runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from cluster.report.curves import by_gym

ROWS = (
    ("sampled, before", "heldout_score_before"),
    ("sampled, after", "heldout_score_after"),
    ("sampled, change", "heldout_score_change"),
    ("greedy, before", "heldout_greedy_before"),
    ("greedy, after", "heldout_greedy_after"),
    ("greedy, change", "heldout_greedy_change"),
    ("success (sampled), before", "heldout_success_before"),
    ("success, after", "heldout_success_after"),
    ("after, against a user that always says the same", "constant_user_score"),
)

Summary = Mapping[str, Any]


def tables(runs: Sequence[Path]) -> str:
    """All tables. Raises UserError for a run that has not finished."""
    return "\n".join(_table(gym, [run.read_summary() for run in shown]) for gym, shown in by_gym(runs).items())


def _table(gym: str, summaries: Sequence[Summary]) -> str:
    own: list[Summary] = [summary["gyms"][gym] for summary in summaries]
    tasks = next(estimates["heldout_score_after"]["n"] for estimates in own)
    heads = [f"{gym}, {tasks} held-out tasks, score [95 %]", *(f"seed {summary['seed']}" for summary in summaries), "mean"]
    lines = [heads, ["---"] * len(heads)]
    lines += [_row(label, [estimates[key] for estimates in own]) for label, key in ROWS]
    names = sorted({name for estimates in own for name in estimates["baselines"]})
    lines += [_row(name.replace("_", " "), [estimates["baselines"].get(name) for estimates in own]) for name in names]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(label: str, estimates: Sequence[Mapping[str, float] | None]) -> list[str]:
    means = [estimate["mean"] for estimate in estimates if estimate is not None]
    return [label, *map(_estimate, estimates), f"{fmean(means):.3f}" if means else ""]


def _estimate(estimate: Mapping[str, float] | None) -> str:
    return "" if estimate is None else f"{estimate['mean']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"
