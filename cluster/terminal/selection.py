"""Which conversations of a run: filters on the trajectory table, before anything is read from them.

A filter chooses episodes, and an episode comes with all its rows: those of every sequence and of every policy in it.
Invariant: a selection is never empty; the filter that would leave nothing is named in a UserError, with what there is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cluster.errors import UserError, nearest, suggestion
from cluster.record.run_directory import STEM, RunDirectory
from cluster.terminal.episode_record import EpisodeRecord
from cluster.terminal.safe_text import safe_line

COLUMNS = [
    *("gym", "task_id", "split", "group_id", "episode_id", "policy", "opponent", "sequence", "messages", "state"),
    *("score", "success", "ended", "status", "tokens", "turn", "logprobs", "version", "turns", "advantage"),
]
COUNT = 3
"""Conversations when no number is given."""
LISTED = 8
"""Values that are named when a filter leaves nothing."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What the user asked for; None is no restriction. `phase` and `iteration` choose the table."""

    phase: str | None = None
    iteration: int | None = None
    task: str | None = None
    group: int | None = None
    episode: str | None = None
    status: str | None = None
    opponent: str | None = None
    min_score: float | None = None
    max_score: float | None = None
    worst: int | None = None
    best: int | None = None
    count: int | None = None
    gym: str | None = None


class NothingLeft(UserError):
    """A filter leaves no episode of a table."""


Test = Callable[[Any, Any], Any]
TESTS: dict[str, tuple[str, Test]] = {
    "gym": ("gym", pc.equal),
    "task": ("task_id", pc.equal),
    "group": ("group_id", pc.equal),
    "episode": ("episode_id", pc.equal),
    "status": ("status", pc.equal),
    "opponent": ("opponent", pc.equal),
    "min_score": ("score", pc.greater_equal),
    "max_score": ("score", pc.less_equal),
}
"""Filter -> the column it looks at and how; in the order in which they are applied."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The conversations, and where they come from."""

    phase: str
    iteration: int | None
    episodes: list[EpisodeRecord]


def select(directory: RunDirectory, filters: Filters, usual: int | None = COUNT) -> Selection:
    """The conversations of a run that pass every filter, in the order asked for: `usual` many when no number is given, None for
    all. Raises UserError if there are none."""
    phase, iteration = choose(directory, filters)
    table = _read(directory, phase, iteration)
    where = phase if iteration is None else f"{phase} iteration {iteration} (of {_listed(directory.iterations(phase))})"
    chosen = _ordered(_filtered(table, filters, where), filters)[: how_many(filters) or usual]
    return Selection(phase, iteration, [_episode(table, *key) for key in chosen])


def choose(directory: RunDirectory, filters: Filters) -> tuple[str, int | None]:
    """The phase and iteration that are asked for, or the usual ones. Raises UserError."""
    phases = {match["phase"] for path in directory.trajectories.glob("*.parquet") if (match := STEM.match(path.stem))}
    phase = filters.phase or "train"
    if phase not in phases:
        there = f"{suggestion(phase, phases)}" if phases else "it has no trajectories yet."
        raise UserError(f"{directory.path} has no trajectories of --phase {phase}: {there}")
    iterations = directory.iterations(phase)
    if filters.iteration is None or filters.iteration in iterations:
        return phase, filters.iteration if filters.iteration is not None else max(iterations, default=None)
    there = f"choose from {_listed(iterations)}." if iterations else "leave it out, for there is one table of this phase."
    raise UserError(f"--iteration {filters.iteration} is not an iteration of {phase}: {there}")


def _listed(numbers: list[int]) -> str:
    whole = numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 1
    return f"{numbers[0]} to {numbers[-1]}" if whole else ", ".join(map(str, numbers))


def _read(directory: RunDirectory, phase: str, iteration: int | None) -> pa.Table:
    name = phase if iteration is None else f"{phase} iteration {iteration}"
    try:
        table = directory.read_trajectories(phase, iteration, columns=COLUMNS)
    except (OSError, pa.ArrowException) as error:
        raise UserError(f"the trajectories of {name} cannot be read: {safe_line(error)}") from None
    if not table.num_rows:
        raise UserError(f"the trajectories of {name} hold no episode.")
    return table


def _filtered(table: pa.Table, filters: Filters, where: str) -> pa.Table:
    for name, (column, test) in TESTS.items():
        wanted = getattr(filters, name)
        if wanted is None:
            continue
        option = f"--{name.replace('_', '-')} {safe_line(wanted)}"
        kept = table.filter(test(table[column], wanted))
        if not kept.num_rows:
            there = _there(table, column, wanted)
            raise NothingLeft(f"{option} leaves none of the {len(_keys(table))} episodes of {where}: {there}.")
        table, where = kept, f"{where} with {option}"
    return table


def _there(table: pa.Table, column: str, wanted: object) -> str:
    """What a column holds."""
    values = pc.unique(table[column]).drop_null().to_pylist()
    if not values:
        return f"{column} is null there"
    if not isinstance(wanted, str):
        return f"{column} goes from {_number(min(values))} to {_number(max(values))} there"
    listed = sorted(values)[:LISTED]
    close = nearest(wanted, values)
    more = f" and {len(values) - LISTED} more" if len(values) > LISTED else ""
    hint = f"; the nearest is {safe_line(close)}" if close else ""
    return f"{column} is {', '.join(map(safe_line, listed))}{more} there{hint}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _ordered(table: pa.Table, filters: Filters) -> list[tuple[str, str]]:
    """The episodes to show, as (gym, episode id). Those without a score come last."""
    if filters.worst or filters.best:
        order = "ascending" if filters.worst else "descending"
        table = table.take(pc.sort_indices(table, sort_keys=[("score", order)]))
    return _keys(table)


def how_many(filters: Filters) -> int | None:
    """The number of conversations asked for."""
    wishes = {name: number for name in ("worst", "best", "count") if (number := getattr(filters, name)) is not None}
    if len(wishes) > 1:
        given = " and ".join(f"--{name} {number}" for name, number in wishes.items())
        raise UserError(f"{given} exclude each other: give one.")
    return next(iter(wishes.values()), None)


def _keys(table: pa.Table) -> list[tuple[str, str]]:
    return list(dict.fromkeys(zip(table["gym"].to_pylist(), table["episode_id"].to_pylist(), strict=True)))


def _episode(table: pa.Table, gym: str, episode: str) -> EpisodeRecord:
    same = pc.and_(pc.equal(table["gym"], gym), pc.equal(table["episode_id"], episode))
    return EpisodeRecord(table.filter(same).to_pylist())
