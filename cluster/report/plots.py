"""`report.png`: one page that shows whether a run learned, and what it spent its time on.

Reads metrics.jsonl and summary.json only. A series that was not recorded leaves its panel with a note, never an error.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cluster.record.run_directory import RunDirectory

Metrics = Sequence[dict[str, Any]]

BLUE, ORANGE, GREEN, GREY = "#3b6fb6", "#e07b39", "#3a9a5f", "#b9bec6"
STAGES = ("#3b6fb6", "#e07b39", "#3a9a5f", "#8a63b5", "#c4a23c", "#6b7280")
EVALUATIONS = (
    ("sampled", "heldout_score_before", "heldout_score_after"),
    ("greedy", "heldout_greedy_before", "heldout_greedy_after"),
    ("success", "heldout_success_before", "heldout_success_after"),
    ("constant\nuser", None, "constant_user_score"),
)


def draw(run_dir: str | Path) -> Path:
    """Write the report of a run into its folder."""
    directory = RunDirectory.at(run_dir)
    summary = directory.read_summary() if directory.summary.exists() else {}
    metrics = [row for row in directory.read_metrics() if row.get("iteration") is not None]
    figure = Figure(figsize=(13, 12), dpi=110, layout="constrained")
    axes = figure.subplots(3, 2)
    figure.suptitle(_title(directory.path.name, summary), fontsize=14, fontweight="bold")
    _lines(axes[0][0], metrics, "Training episodes", (("reward/success", "success", ORANGE), ("reward/score", "score", BLUE)))
    _heldout(axes[0][1], summary)
    _two_scales(axes[1][0], metrics, "Length of an episode", ("rollout/turns", "turns"), ("rollout/tokens", "sampled tokens"))
    _two_scales(axes[1][1], metrics, "Policy", ("learner/entropy", "entropy (nats)"), ("learner/grad_norm", "gradient norm"))
    _lines(axes[2][0], metrics, "Rollout engine against learner", (("learner/mismatch_kl", "mismatch KL", BLUE),), log=True)
    _stages(axes[2][1], metrics)
    image = io.BytesIO()
    figure.savefig(image, format="png")
    directory.write_report(image.getvalue())
    return directory.report


def _title(name: str, summary: dict[str, Any]) -> str:
    if not summary:
        return f"{name} (not finished)"
    tokens, minutes = summary["tokens_trained"], summary["wall_s"] / 60
    return f"{name}: {summary['iterations']} iterations, {tokens:,} tokens trained, {minutes:.1f} min, seed {summary['seed']}"


def _series(metrics: Metrics, name: str) -> tuple[list[int], list[float]]:
    points = [(row["iteration"], row[name]) for row in metrics if row.get(name) is not None]
    return [x for x, _ in points], [y for _, y in points]


def _frame(axis: Axes, title: str, xlabel: str = "iteration") -> None:
    axis.set_title(title, loc="left", fontsize=12)
    axis.set_xlabel(xlabel)
    axis.grid(axis="y", color="#e6e8eb")
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def _note(axis: Axes, text: str = "not recorded") -> None:
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color="#6b7280")


def _lines(axis: Axes, metrics: Metrics, title: str, names: Sequence[tuple[str, str, str]], log: bool = False) -> None:
    _frame(axis, title)
    series = [(*_series(metrics, name), label, color) for name, label, color in names]
    values = [value for _, y, _, _ in series for value in y]
    if not values:
        return _note(axis)
    for x, y, label, color in series:
        axis.plot(x, y, color=color, label=label, linewidth=1.8, marker="o", markersize=2.5)
    if log and min(values) > 0:
        axis.set_yscale("log")
    axis.legend(frameon=False)
    return None


def _two_scales(axis: Axes, metrics: Metrics, title: str, left: tuple[str, str], right: tuple[str, str]) -> None:
    """Two series of different units: each has the axis of its colour."""
    _frame(axis, title)
    other = axis.twinx()
    other.spines["top"].set_visible(False)
    for scale, (name, label), color in ((axis, left, BLUE), (other, right, ORANGE)):
        x, y = _series(metrics, name)
        scale.plot(x, y, color=color, linewidth=1.8, marker="o", markersize=2.5)
        scale.set_ylabel(label if x else f"{label} (not recorded)", color=color)
        scale.tick_params(axis="y", colors=color)


def _heldout(axis: Axes, summary: dict[str, Any]) -> None:
    """Bars with their intervals; baselines are lines, labelled outside the bars."""
    _frame(axis, "Held-out tasks, 95 % intervals", xlabel="")
    shown = [row for row in EVALUATIONS if any(key and summary.get(key) for key in row[1:])]
    if not shown:
        return _note(axis)
    for place, (_, before, after) in enumerate(shown):
        for key, offset, color in ((before, -0.2, GREY), (after, 0.2, BLUE)):
            estimate = summary.get(key) if key else None
            if estimate:
                _bar(axis, place + offset * (before is not None), estimate, color)
    axis.set_xticks(range(len(shown)), [label for label, _, _ in shown])
    axis.set_ylim(0, 1.08)
    axis.set_xlim(-0.6, len(shown) - 0.4)
    axis.set_ylabel("score")
    axis.bar([0], [0], color=GREY, label="before")
    axis.bar([0], [0], color=BLUE, label="after")
    axis.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    baseline_lines(axis, {name: e["mean"] for name, e in summary.get("baselines", {}).items() if e})
    return None


def _bar(axis: Axes, x: float, estimate: dict[str, float], color: str) -> None:
    mean, low, high = estimate["mean"], estimate["low"], estimate["high"]
    error = [[max(0.0, mean - low)], [max(0.0, high - mean)]]
    axis.bar(x, mean, width=0.36, color=color, yerr=error, capsize=3, ecolor="#374151")
    over_lines = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axis.text(x, high + 0.018, f"{mean:.2f}", ha="center", va="bottom", fontsize=9, bbox=over_lines)


def baseline_lines(axis: Axes, baselines: dict[str, float]) -> None:
    """Lines across, their names in the right margin, pushed apart where they would touch."""
    lowest_free = -1.0
    for name, mean in sorted(baselines.items(), key=lambda item: item[1]):
        axis.axhline(mean, color=GREEN, linestyle="--", linewidth=1.2, zorder=0.5)
        height = max(mean, lowest_free)
        lowest_free = height + 0.055
        label = f"{name.replace('_', ' ')} {mean:.2f}"
        axis.text(1.01, height, label, transform=axis.get_yaxis_transform(), va="center", fontsize=9, color=GREEN)


def _stages(axis: Axes, metrics: Metrics) -> None:
    _frame(axis, "Seconds per stage")
    names = list(dict.fromkeys(key for row in metrics for key in row if key.startswith("time/")))
    if not names:
        return _note(axis)
    x = [row["iteration"] for row in metrics]
    base = [0.0] * len(x)
    for place, name in enumerate(names):
        seconds = [row.get(name) or 0.0 for row in metrics]
        axis.bar(x, seconds, bottom=base, width=1.0, color=STAGES[place % len(STAGES)], label=name.removeprefix("time/"))
        base = [below + more for below, more in zip(base, seconds, strict=True)]
    axis.legend(frameon=False, reverse=True, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return None
