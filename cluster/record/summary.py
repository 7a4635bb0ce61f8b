"""`summary.json`: what a run achieved, computed from what it kept.

Every score comes from `trajectories/*.parquet`, `tokens_trained` and `iterations` from its train tables, `seed` from
config.yaml and `wall_s` from metrics.jsonl, so `recompute` is also the check of a stored summary. An estimate whose table
is absent (that evaluation was switched off) is null. Episodes without a score (a judge or an engine failed) are left
out of the means and counted in `masked_episodes`.

The estimates at the top are over all gyms that are trained on; `gyms` has the same for each of them, and `transfer` for
each gym that is only evaluated.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cluster.config import yaml_text
from cluster.record.run_directory import BEFORE, RunDirectory
from cluster.record.statistics import Estimate, bootstrap_mean, paired_difference
from rewards.trajectory import OK, split_by_gym

AFTER = "heldout-after"
GREEDY = "-greedy"
CONSTANT_USER = "heldout-after-constant-user"
BASELINE = "baseline-"
TRANSFER = "-transfer"
"""How a phase of gyms that are not trained on ends."""
CONTEXT_FREE = ("random", "best_fixed_script")
"""The baselines that read neither task nor replies."""
EPISODE = ["gym", "episode_id", "task_id", "score", "success", "status"]
"""The columns that say how an episode went."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """The scored episodes of one evaluation, in the order of the table."""

    tasks: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    successes: list[float] = field(default_factory=list)
    masked: int = 0

    def score(self, seed: int) -> Estimate | None:
        return bootstrap_mean(self.scores, seed, tasks=self.tasks) if self.scores else None

    def success(self, seed: int) -> Estimate | None:
        return bootstrap_mean(self.successes, seed, tasks=self.tasks) if self.scores else None

    def by_task(self, values: Sequence[float]) -> dict[str, list[float]]:
        """`scores` or `successes` of each task."""
        found: dict[str, list[float]] = {}
        for task, value in zip(self.tasks, values, strict=True):
            found.setdefault(task, []).append(value)
        return found


def scored(table: pa.Table, columns: Sequence[str] = EPISODE) -> tuple[list[dict[str, Any]], int]:
    """`columns` of every episode with a score, and how many have none.

    One row per episode: it has one for every token sequence, and all of them carry its score.
    """
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for row in table.select(columns).to_pylist():
        seen.setdefault((row["gym"], row["episode_id"]), row)
    rows = [row for row in seen.values() if row["status"] == OK and row["score"] is not None]
    return rows, len(seen) - len(rows)


def episodes(table: pa.Table) -> Episodes:
    """The scored episodes of a table."""
    rows, masked = scored(table)
    return Episodes(
        [row["task_id"] for row in rows],
        [row["score"] for row in rows],
        [float(row["success"] or False) for row in rows],
        masked,
    )


class Played:
    """The evaluations and baselines of some gyms, by phase: of `all` of them, and gym by gym.

    A baseline that not every gym offers is left out of `all`: it was measured on other tasks than the rest.
    """

    def __init__(self) -> None:
        self.of: dict[str, dict[str, Episodes]] = defaultdict(dict)
        self._tables: dict[str, pa.Table] = {}

    def add(self, phase: str, table: pa.Table) -> None:
        """Take in the table of a phase."""
        self._tables[phase] = table
        for gym, own in split_by_gym(table).items():
            self.of[gym][phase] = episodes(own)

    @property
    def masked(self) -> int:
        """Episodes without a score, in all tables."""
        return sum(episodes.masked for phases in self.of.values() for episodes in phases.values())

    @property
    def all(self) -> dict[str, Episodes]:
        whole = [p for p in self._tables if not p.startswith(BASELINE) or all(p in own for own in self.of.values())]
        return {phase: episodes(self._tables[phase]) for phase in whole}


def played(directory: RunDirectory) -> tuple[Played, Played]:
    """What was played before and after training: in the gyms that are trained on, and in those that are only evaluated."""
    trained, transfer = Played(), Played()
    for phase in directory.phases():
        if phase.startswith((BEFORE, AFTER, BASELINE)):
            scope = transfer if phase.endswith(TRANSFER) else trained
            scope.add(phase.removesuffix(TRANSFER), directory.read_trajectories(phase, columns=EPISODE))
    return trained, transfer


def sampled_tokens(table: pa.Table) -> int:
    """The tokens of a train table that a policy sampled and the learner was given."""
    turns = table.filter(pc.equal(table["status"], OK))["turn"]
    return int(pc.sum(pc.greater_equal(pc.list_flatten(turns), 0)).as_py() or 0)


def recompute(run_dir: str | Path) -> dict[str, Any]:
    """The summary of a run, from its files."""
    directory = RunDirectory.at(run_dir)
    seed = int(yaml_text.read(directory.config).get("run", {}).get("seed", 0))
    trained, transfer = played(directory)
    iterations = directory.iterations("train")
    train = (directory.read_trajectories("train", iteration, columns=["status", "turn"]) for iteration in iterations)
    return {
        **estimates(trained.all, seed),
        "gyms": {gym: estimates(phases, seed) for gym, phases in trained.of.items()},
        "transfer": {gym: estimates(phases, seed) for gym, phases in transfer.of.items()},
        "masked_episodes": trained.masked + transfer.masked,
        "iterations": len(iterations),
        "wall_s": max((row["wall_s"] for row in directory.read_metrics() if row.get("wall_s") is not None), default=0.0),
        "tokens_trained": sum(map(sampled_tokens, train)),
        "seed": seed,
    }


def estimates(played: Mapping[str, Episodes], seed: int) -> dict[str, Any]:
    """What evaluations and baselines, by phase, say; null for an evaluation that was not made."""
    phases = defaultdict(Episodes, played)
    return {
        "heldout_score_before": phases[BEFORE].score(seed),
        "heldout_score_after": phases[AFTER].score(seed),
        "heldout_score_change": _change(phases[BEFORE], phases[AFTER], seed),
        "heldout_greedy_before": phases[BEFORE + GREEDY].score(seed),
        "heldout_greedy_after": phases[AFTER + GREEDY].score(seed),
        "heldout_greedy_change": _change(phases[BEFORE + GREEDY], phases[AFTER + GREEDY], seed),
        "heldout_success_before": phases[BEFORE].success(seed),
        "heldout_success_after": phases[AFTER].success(seed),
        "constant_user_score": phases[CONSTANT_USER].score(seed),
        "baselines": {p.removeprefix(BASELINE): e.score(seed) for p, e in played.items() if p.startswith(BASELINE)},
    }


def over_runs(summaries: Sequence[dict[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """(mean, lowest, highest) over runs of every estimate that all of them have, and of the agent's two margins.

    `margin_over_script`: the trained agent above the best context-free baseline; `margin_over_constant_user`: above
    itself with a user that always says the same. Of several gyms each has rows of its own, `<gym>.<estimate>`.
    """
    rows: dict[str, list[float]] = defaultdict(list)
    for summary in summaries:
        means = _means(summary)
        for gym, own in by_gym(summary).items():
            means |= {f"{gym}.{key}": mean for key, mean in _means(own).items()}
        for key, mean in means.items():
            rows[key].append(mean)
    return {key: (fmean(v), min(v), max(v)) for key, v in rows.items() if len(v) == len(summaries)}


def by_gym(summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The estimates of single gyms, where they say more than those of all: of several gyms, and of transfer gyms."""
    trained = summary.get("gyms", {})
    return {**(trained if len(trained) > 1 else {}), **summary.get("transfer", {})}


def check(run_dir: str | Path) -> list[str]:
    """The dotted keys of a stored summary that its run's files do not bear out."""
    return _differences(RunDirectory.at(run_dir).read_summary(), recompute(run_dir))


def _means(summary: Mapping[str, Any]) -> dict[str, float]:
    means = {key: value["mean"] for key, value in summary.items() if isinstance(value, dict) and "mean" in value}
    baselines = summary.get("baselines", {})
    scripts = [baselines[name]["mean"] for name in CONTEXT_FREE if name in baselines]
    after = means.get("heldout_score_after")
    if after is not None and scripts:
        means["margin_over_script"] = after - max(scripts)
    if after is not None and "constant_user_score" in means:
        means["margin_over_constant_user"] = after - means["constant_user_score"]
    return means


def _change(before: Episodes, after: Episodes, seed: int) -> Estimate | None:
    tables = before.by_task(before.scores), after.by_task(after.scores)
    return paired_difference(*tables, seed) if tables[0].keys() & tables[1].keys() else None


def _differences(stored: Any, computed: Any, path: str = "") -> list[str]:
    if isinstance(stored, dict) and isinstance(computed, dict):
        keys = sorted(stored.keys() | computed.keys())
        below = (_differences(stored.get(k), computed.get(k), f"{path}.{k}" if path else k) for k in keys)
        return [difference for differences in below for difference in differences]
    if isinstance(stored, int | float) and isinstance(computed, int | float):
        return [] if math.isclose(stored, computed, rel_tol=1e-9, abs_tol=1e-12) else [path]
    return [] if stored == computed else [path]
