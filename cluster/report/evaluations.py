"""The tables of a report: each evaluation before and after training, and what scripts reach, per gym where there are several.

Everything is computed from `trajectories/*.parquet`, as `summary.json` is. Differences pair tasks; intervals are 95 %
bootstraps over tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cluster.record.run_directory import BEFORE, RunDirectory
from cluster.record.statistics import Estimate, paired_difference
from cluster.record.summary import AFTER, BASELINE, EPISODE, Episodes, episodes
from cluster.report.series import Panel, Series

NAME = re.compile(r"^(?P<tasks>.+?)-(?P<when>before|after)(?:-(?P<how>.+))?$")
"""How the evaluations before and after training are named: `heldout-after-greedy`."""
SAMPLED = "sampled"
ALL = ""
"""The gym of an estimate over all gyms."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One measure of one evaluation; None is what was not measured."""

    tasks: str
    how: str
    gym: str
    measure: str
    before: Estimate | None
    after: Estimate | None
    change: Estimate | None
    masked: int
    """Episodes without a score, before and after."""


def outcomes(directory: RunDirectory, seed: int) -> list[Outcome]:
    """Score and success of every evaluation, over all gyms first."""
    named = {(m["tasks"], m["how"] or "", m["when"]): phase for phase in directory.phases() if (m := NAME.match(phase))}
    found = []
    for tasks, how in sorted({key[:2] for key in named}):
        played = [_by_gym(directory, named.get((tasks, how, when))) for when in ("before", "after")]
        for gym in dict.fromkeys([*played[0], *played[1]]):
            pair = played[0].get(gym, Episodes()), played[1].get(gym, Episodes())
            found += [_outcome(tasks, how or SAMPLED, gym, measure, *pair, seed) for measure in ("score", "success")]
    return found


def baselines(directory: RunDirectory, seed: int) -> list[tuple[str, str, Estimate]]:
    """(baseline, gym, score), best first."""
    phases = [phase for phase in directory.phases() if phase.startswith(BASELINE)]
    found = [
        (phase.removeprefix(BASELINE), gym, score)
        for phase in phases
        for gym, played in _by_gym(directory, phase).items()
        if (score := played.score(seed))
    ]
    return sorted(found, key=lambda entry: -entry[2]["mean"])


def course(directory: RunDirectory, phase: str, iterations: int, seed: int) -> Panel | None:
    """The held-out score over training, with intervals: before, at each evaluation on the way, after."""
    points = [(iteration, directory.read_trajectories(phase, iteration, EPISODE)) for iteration in directory.iterations(phase)]
    for end, iteration in ((BEFORE, 0), (AFTER, iterations)):
        if end in directory.phases():
            points.append((iteration, directory.read_trajectories(end, columns=EPISODE)))
    scores = {x: score for x, table in sorted(points, key=lambda p: p[0]) if (score := episodes(table).score(seed))}
    if len(scores) < 2:
        return None
    mean, low, high = ([score[key] for score in scores.values()] for key in ("mean", "low", "high"))
    return Panel("Held-out score", "95 % interval", [Series("score", list(scores), mean, low, high)])


def _by_gym(directory: RunDirectory, phase: str | None) -> dict[str, Episodes]:
    """The scored episodes under ALL, and under each gym where there are several; empty without a phase."""
    if phase is None:
        return {}
    table = directory.read_trajectories(phase, columns=EPISODE)
    return {gym: episodes(part) for gym, part in _parts(table)}


def _parts(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    yield ALL, table
    gyms = sorted(pc.unique(table["gym"]).to_pylist())
    for gym in gyms if len(gyms) > 1 else []:
        yield gym, table.filter(pc.equal(table["gym"], gym))


def _outcome(tasks: str, how: str, gym: str, measure: str, before: Episodes, after: Episodes, seed: int) -> Outcome:
    pair = before.by_task(_values(before, measure)), after.by_task(_values(after, measure))
    change = paired_difference(*pair, seed) if pair[0].keys() & pair[1].keys() else None
    masked = before.masked + after.masked
    return Outcome(tasks, how, gym, measure, _mean(before, measure, seed), _mean(after, measure, seed), change, masked)


def _values(played: Episodes, measure: str) -> list[float]:
    return played.scores if measure == "score" else played.successes


def _mean(played: Episodes, measure: str, seed: int) -> Estimate | None:
    return played.score(seed) if measure == "score" else played.success(seed)
