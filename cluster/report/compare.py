"""Runs against each other on the same held-out tasks: what each reached, and how sure the difference is.

The first run is what the others are compared with. Episodes are paired by gym and task; where both runs played a task
with the same seeds, only these episodes count, otherwise (runs of different `run.seed`) all of the task's. A task that
one of the two has no scored episode of is unpaired and left out. The interval is a 95 % bootstrap over the paired tasks:
it covers the choice of tasks, not the noise of training.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow.compute as pc

from cluster.config import yaml_text
from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory
from cluster.record.statistics import Estimate, paired_difference
from cluster.record.summary import BASELINE, EPISODE, scored
from cluster.report.evaluations import ALL

MEASURES = ("score", "success", "turns")
SEED = 0
"""Of the bootstrap: the same runs give the same intervals."""
UNINTERESTING = ("run.name", "run.root")
"""Keys in which any two runs differ."""

Task = tuple[str, str]
"""Gym and task id."""
Played = dict[Task, dict[int, list[dict[str, float]]]]
"""Task -> seed of its episodes -> the measures of each."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of one evaluation in two runs, over the tasks that both have. Means are means over tasks."""

    run: str
    phase: str
    gym: str
    measure: str
    first: float
    mean: float
    difference: Estimate
    """`mean` minus `first`; its `n` counts paired tasks."""
    same_seeds: int
    """Paired tasks that both runs played with the same seed."""
    unpaired_first: int
    unpaired: int

    @property
    def better(self) -> bool | None:
        """Whether the run is surely better than the first; None where the interval holds 0, or neither is better."""
        if self.measure == "turns" or self.difference["low"] <= 0 <= self.difference["high"]:
            return None
        return self.difference["low"] > 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """`differences` of every run but the first; `config`: dotted key -> run -> value, where they differ."""

    runs: list[str]
    differences: list[Difference]
    config: dict[str, dict[str, Any]]


def compare(runs: Sequence[Path]) -> Comparison:
    """Compare the runs with the first. Raises UserError if there is nothing to pair."""
    names = named(runs)
    directories = [RunDirectory.at(run) for run in runs]
    configs = [yaml_text.read(directory.config) for directory in directories]
    played = [evaluations(directory) for directory in directories]
    differences = []
    for name, other in zip(names[1:], played[1:], strict=True):
        found = list(_differences(name, played[0], other))
        if not found:
            raise UserError(_nothing_shared(names[0], name, played[0], other))
        differences += found
    return Comparison(names, differences, config_differences(dict(zip(names, configs, strict=True))))


def named(runs: Sequence[Path]) -> list[str]:
    """What the runs are called: by their folder, or the whole path where folders are called the same."""
    if len(runs) < 2:
        raise UserError("compare needs at least two runs: parley compare RUN RUN.")
    paths = [run.expanduser().absolute() for run in runs]
    if twice := next((run for run, path in zip(runs, paths, strict=True) if paths.count(path) > 1), None):
        raise UserError(f"{twice} is given twice: compare needs different runs.")
    folders = [path.name for path in paths]
    return [str(path) if folders.count(path.name) > 1 else path.name for path in paths]


def evaluations(directory: RunDirectory) -> dict[str, Played]:
    """The scored episodes of every evaluation by a policy."""
    phases = [phase for phase in directory.phases() if not phase.startswith(BASELINE)]
    return {phase: _played(directory, phase) for phase in phases}


def config_differences(configs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Dotted key -> run -> value, for the keys in which runs differ; a run that lacks the key is left out."""
    flat = {run: dict(_flat(config)) for run, config in configs.items()}
    keys = sorted({key for values in flat.values() for key in values} - set(UNINTERESTING))
    rows = {key: {run: values[key] for run, values in flat.items() if key in values} for key in keys}
    return {key: row for key, row in rows.items() if len(row) < len(flat) or len({repr(value) for value in row.values()}) > 1}


def _played(directory: RunDirectory, phase: str) -> Played:
    table = directory.read_trajectories(phase, columns=[*EPISODE, "policy", "seed", "turns"])
    keys = zip(*(table[name].to_pylist() for name in ("gym", "episode_id", "policy")), strict=True)
    turns: dict[tuple[str, str, str], int] = defaultdict(int)  # over all sequences of a policy
    for key, length in zip(keys, pc.list_value_length(table["turns"]).to_pylist(), strict=True):
        turns[key] += length or 0
    found: Played = defaultdict(lambda: defaultdict(list))
    for row in scored(table, [*EPISODE, "policy", "seed"])[0]:
        values = {"score": row["score"], "success": float(row["success"] or False)}
        values["turns"] = float(turns[row["gym"], row["episode_id"], row["policy"]])
        found[row["gym"], row["task_id"]][row["seed"]].append(values)
    return found


def _differences(run: str, first: Mapping[str, Played], other: Mapping[str, Played]) -> Iterator[Difference]:
    for phase in [phase for phase in first if phase in other]:
        gyms = sorted({gym for gym, _ in [*first[phase], *other[phase]]})
        for gym in [ALL, *(gyms if len(gyms) > 1 else [])]:
            sides = _of(first[phase], gym), _of(other[phase], gym)
            if sides[0].keys() & sides[1].keys():
                yield from (_difference(run, phase, gym, measure, *sides) for measure in MEASURES)


def _of(played: Played, gym: str) -> Played:
    return {task: seeds for task, seeds in played.items() if gym in (ALL, task[0])}


def _difference(run: str, phase: str, gym: str, measure: str, first: Played, other: Played) -> Difference:
    sides: tuple[dict[str, list[float]], dict[str, list[float]]] = {}, {}
    same = 0
    for task in sorted(first.keys() & other.keys()):
        shared = first[task].keys() & other[task].keys()
        same += bool(shared)
        for side, seeds in zip(sides, (first[task], other[task]), strict=True):
            chosen = [seeds[seed] for seed in sorted(shared or seeds)]
            side["\0".join(task)] = [values[measure] for episodes in chosen for values in episodes]
    means = [fmean(map(fmean, side.values())) for side in sides]
    unpaired = [len(played) - len(sides[0]) for played in (first, other)]
    change = paired_difference(*sides, SEED)
    return Difference(run, phase, gym, measure, means[0], means[1], change, same, unpaired[0], unpaired[1])


def _nothing_shared(first: str, other: str, of_first: Mapping[str, Played], of_other: Mapping[str, Played]) -> str:
    for name, phases in ((first, of_first), (other, of_other)):
        if not any(phases.values()):
            return f"{name} has no scored evaluation: there is nothing to compare."
    if not of_first.keys() & of_other.keys():
        lists = f"{first} has {', '.join(of_first)}, {other} has {', '.join(of_other)}"
        return f"{first} and {other} have no evaluation in common: {lists}."
    return f"{first} and {other} share no task in any evaluation: give runs with the same gyms.train and gyms.tasks."


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _flat(below, f"{path}.{key}" if path else str(key))
    else:
        yield path, value
