"""The tables of a report: each evaluation before and after training, and what scripts reach, per gym where there are several.

Everything is computed from `trajectories/*.parquet`, split as `summary.json` is: gyms that are only evaluated are in no mean
of those that are trained on. Differences pair tasks; intervals are 95 % bootstraps over tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cluster.record.run_directory import BEFORE, RunDirectory
from cluster.record.statistics import Estimate, paired_difference
from cluster.record.summary import AFTER, BASELINE, EPISODE, Episodes, episodes, played
from cluster.report.series import Panel, Series

HELDOUT = "heldout"
UNSEEN = "transfer"
"""The tasks of gyms that are not trained on."""
SAMPLED = "sampled"
ALL = ""
"""The gym of an estimate over all gyms that are trained on, where there are several."""


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
    found = []
    for tasks, gym, phases in _parts(directory):
        hows = {phase.removeprefix(end) for phase in phases for end in (BEFORE, AFTER) if phase.startswith(end)}
        for how in sorted(hows):
            pair = phases.get(BEFORE + how, Episodes()), phases.get(AFTER + how, Episodes())
            way = how.removeprefix("-") or SAMPLED
            found += [_outcome(tasks, way, gym, measure, *pair, seed) for measure in ("score", "success")]
    return found


def baselines(directory: RunDirectory, seed: int) -> list[tuple[str, str, Estimate]]:
    """(baseline, gym, score), best first."""
    found = [
        (phase.removeprefix(BASELINE), gym, score)
        for _, gym, phases in _parts(directory)
        for phase, script in phases.items()
        if phase.startswith(BASELINE) and (score := script.score(seed))
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


def _parts(directory: RunDirectory) -> Iterator[tuple[str, str, Mapping[str, Episodes]]]:
    """(tasks, gym, what was played there by phase): all gyms that are trained on, where there are several, then each gym."""
    trained, transfer = played(directory)
    if len(trained.of) > 1:
        yield HELDOUT, ALL, trained.all
    for tasks, scope in ((HELDOUT, trained), (UNSEEN, transfer)):
        for gym, phases in sorted(scope.of.items()):
            yield tasks, gym, phases


def _outcome(tasks: str, how: str, gym: str, measure: str, before: Episodes, after: Episodes, seed: int) -> Outcome:
    pair = before.by_task(_values(before, measure)), after.by_task(_values(after, measure))
    change = paired_difference(*pair, seed) if pair[0].keys() & pair[1].keys() else None
    masked = before.masked + after.masked
    return Outcome(tasks, how, gym, measure, _mean(before, measure, seed), _mean(after, measure, seed), change, masked)


def _values(played: Episodes, measure: str) -> list[float]:
    return played.scores if measure == "score" else played.successes


def _mean(played: Episodes, measure: str, seed: int) -> Estimate | None:
    return played.score(seed) if measure == "score" else played.success(seed)
