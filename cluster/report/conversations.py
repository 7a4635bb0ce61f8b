"""The conversations of a report: the best and the worst of the last training step and of the last evaluation.

What was said stays as it is here, at most `LONGEST` characters of a message; the page makes it harmless
(`cluster.report.document`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pyarrow.compute as pc

from cluster.record.run_directory import BEFORE, RunDirectory
from cluster.record.summary import AFTER
from cluster.terminal.episode_record import EpisodeRecord
from cluster.terminal.selection import Filters, select
from rewards.trajectory import OK

EACH = 3
"""Conversations at either end."""
LONGEST = 4000
TRAIN = "train"
HELDOUT = "heldout"
"""The evaluations on the way."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message, and what its turn earned if it was one of the policy's."""

    role: str
    text: str
    left_out: int
    turn: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """`end` is best or worst; `head` is the first row of the episode."""

    end: str
    head: dict[str, Any]
    versions: list[int]
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The conversations of one table and gym."""

    title: str
    conversations: list[Conversation]


def chapters(directory: RunDirectory) -> list[Chapter]:
    """One for each table and gym in which some episode is in order."""
    last = max(directory.iterations(TRAIN), default=None)
    places: list[tuple[str, int | None]] = [(TRAIN, last)] if last is not None else []
    places += _last_evaluation(directory)
    return [chapter for place in places for chapter in _by_gym(directory, *place)]


def _last_evaluation(directory: RunDirectory) -> Iterator[tuple[str, int | None]]:
    """Phase and iteration of the newest evaluation on held-out tasks, if there is one."""
    phases, on_the_way = directory.phases(), directory.iterations(HELDOUT)
    if AFTER in phases:
        yield AFTER, None
    elif on_the_way:
        yield HELDOUT, max(on_the_way)
    elif BEFORE in phases:
        yield BEFORE, None


def _by_gym(directory: RunDirectory, phase: str, iteration: int | None) -> Iterator[Chapter]:
    table = directory.read_trajectories(phase, iteration, columns=["gym", "status"])
    gyms = sorted(pc.unique(table.filter(pc.equal(table["status"], OK))["gym"]).to_pylist())
    title = phase if iteration is None else f"{phase}, iteration {iteration}"
    for gym in gyms:
        conversations = list(_ends(directory, Filters(phase, iteration, status=OK, gym=gym)))
        yield Chapter(f"{title}, {gym}" if len(gyms) > 1 else title, conversations)


def _ends(directory: RunDirectory, asked: Filters) -> Iterator[Conversation]:
    shown = set()
    for end, filters in (("best", replace(asked, best=EACH)), ("worst", replace(asked, worst=EACH))):
        for episode in select(directory, filters).episodes:
            if (key := episode.acting["episode_id"]) not in shown:
                shown.add(key)
                yield conversation(end, episode)


def conversation(end: str, episode: EpisodeRecord) -> Conversation:
    """An episode as the page shows it."""
    lines = [
        Line(message["role"], message["content"][:LONGEST], max(0, len(message["content"]) - LONGEST), turn)
        for message, turn in episode.said()
    ]
    return Conversation(end, episode.acting, episode.versions, lines)
