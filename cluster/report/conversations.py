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
    """The conversations of one table."""

    title: str
    conversations: list[Conversation]


def chapters(directory: RunDirectory) -> list[Chapter]:
    """Those of the tables there are in which some episode has a score."""
    phases = directory.phases()
    heldout = next((phase for phase in (AFTER, BEFORE) if phase in phases), None)
    last = max(directory.iterations(TRAIN), default=None)
    places: list[tuple[str, int | None]] = [(TRAIN, last)] if last is not None else []
    places += [(heldout, None)] if heldout else []
    titles = [phase if number is None else f"{phase}, iteration {number}" for phase, number in places]
    found = [Chapter(title, list(_ends(directory, *place))) for title, place in zip(titles, places, strict=True)]
    return [chapter for chapter in found if chapter.conversations]


def _ends(directory: RunDirectory, phase: str, iteration: int | None) -> Iterator[Conversation]:
    table = directory.read_trajectories(phase, iteration, columns=["status"])
    if not pc.any(pc.equal(table["status"], OK)).as_py():
        return
    shown = set()
    asked = Filters(phase, iteration, status=OK)
    for end, filters in (("best", replace(asked, best=EACH)), ("worst", replace(asked, worst=EACH))):
        for episode in select(directory, filters).episodes:
            key = episode.acting["gym"], episode.acting["episode_id"]
            if key not in shown:
                shown.add(key)
                yield _conversation(end, episode)


def _conversation(end: str, episode: EpisodeRecord) -> Conversation:
    lines = [
        Line(message["role"], message["content"][:LONGEST], max(0, len(message["content"]) - LONGEST), turn)
        for message, turn in episode.said()
    ]
    return Conversation(end, episode.acting, episode.versions, lines)
