"""The curves of several runs beside each other: a panel per gym, a line per run, and what held-out tasks said at both ends.

Reads metrics.jsonl and summary.json only. The same runs give the same file, byte for byte, so that it can be kept in git.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory
from cluster.report.plots import GREY, STAGES, baseline_lines

KINDS = (".svg", ".png", ".pdf")
ENDS = (
    (("heldout_score_before", "heldout_score_after"), "o", "sampled"),
    (("heldout_greedy_before", "heldout_greedy_after"), "^", "greedy"),
)
"""Evaluations on held-out tasks, how they are marked, and what they are called."""
APART = 0.35
"""Iterations between the marks of two runs, so that their intervals can be told apart."""
FIXED = {"svg.hashsalt": "parley", "svg.fonttype": "none"}


def draw(runs: Sequence[Path], out: Path) -> None:
    """Draw finished runs into `out`. Raises UserError for a run that has not finished, and for another kind of file."""
    if out.suffix not in KINDS:
        raise UserError(f"--out is {out}: it must end in {', '.join(KINDS)}.")
    panels = by_gym(runs)
    with mpl.rc_context(FIXED):
        figure = Figure(figsize=(5.0 * len(panels), 4.4), layout="constrained")
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axis, (gym, shown) in zip(axes, panels.items(), strict=True):
            _panel(axis, gym, shown)
        axes[0].set_ylabel("score")
        figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)


def by_gym(runs: Sequence[Path]) -> dict[str, list[RunDirectory]]:
    """The runs by the gym that they train on, in the order given. A run of several gyms stands at each of them."""
    found: dict[str, list[RunDirectory]] = {}
    for run in runs:
        directory = RunDirectory.at(run)
        if not directory.summary.exists():
            raise UserError(f"{run} has not finished: no summary yet.")
        for gym in directory.read_summary()["gyms"]:
            found.setdefault(gym, []).append(directory)
    return found


def _panel(axis: Axes, gym: str, runs: Sequence[RunDirectory]) -> None:
    axis.set_title(gym, loc="left")
    axis.set_xlabel("iteration (0: after imitation)")
    axis.set_ylim(-0.02, 1.04)
    axis.grid(axis="y", color="#e6e8eb")
    axis.spines[["top", "right"]].set_visible(False)
    for place, run in enumerate(runs):
        color, metrics, summary = STAGES[place % len(STAGES)], run.read_metrics(), run.read_summary()
        x, y = score_by_iteration(metrics, gym)
        axis.plot(x, y, color=color, linewidth=1.3, label=f"seed {summary['seed']}")
        shift = APART * (place - (len(runs) - 1) / 2)
        _ends(axis, summary["gyms"][gym], (shift, max(x, default=0) + shift), color)
    for _, marker, label in ENDS:
        axis.plot([], [], marker, color=GREY, markersize=4, label=f"held-out, {label}")
    baselines = runs[0].read_summary()["gyms"][gym]["baselines"]
    baseline_lines(axis, {name: estimate["mean"] for name, estimate in baselines.items() if estimate})
    axis.legend(frameon=False, fontsize=8, ncols=2, loc="upper left", bbox_to_anchor=(0.0, -0.14))


def score_by_iteration(metrics: Sequence[dict[str, Any]], gym: str) -> tuple[list[int], list[float]]:
    """The mean score of the training episodes, by iteration."""
    name = f"reward/score/{gym}" if any(f"reward/score/{gym}" in row for row in metrics) else "reward/score"
    points = [(row["iteration"], row[name]) for row in metrics if row.get(name) is not None]
    return [x for x, _ in points], [y for _, y in points]


def _ends(axis: Axes, estimates: dict[str, Any], places: tuple[float, float], color: str) -> None:
    for keys, marker, _ in ENDS:
        for key, x in zip(keys, places, strict=True):
            if (estimate := estimates[key]) is not None:
                mean = estimate["mean"]
                error = [[max(0.0, mean - estimate["low"])], [max(0.0, estimate["high"] - mean)]]
                axis.errorbar(x, mean, yerr=error, fmt=marker, color=color, markersize=4, capsize=2, linewidth=1)
