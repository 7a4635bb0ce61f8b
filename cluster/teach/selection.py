"""Which episodes become samples. Pure.

Invariants
- Every episode gets exactly one fate: kept, or the first reason below that holds.
- A failed episode is never kept.
- The fates do not depend on the order in which episodes were finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Literal

from cluster.config.teach import TeachConfig
from cluster.teach.duplicates import fingerprint, grams, similarity
from envs.base import Message
from rewards.combine import FORMAT_REWARD
from rewards.trajectory import OK, Row

Fate = Literal["kept", "failed", "silent", "below_min_score", "duplicate", "near_duplicate", "beyond_top"]
"""silent: the teacher made no turn that could be imitated. beyond_top: others of its task were better."""


def fates(rows: Sequence[Row], settings: TeachConfig) -> list[Fate]:
    """What becomes of each episode, given by its row with the messages."""
    found: dict[int, Fate] = {}
    seen: set[tuple[str, int]] = set()
    kept: dict[tuple[str, str], list[frozenset[int]]] = {}
    for place in sorted(range(len(rows)), key=lambda place: _rank(rows[place])):
        row = rows[place]
        found[place] = _fate(row, settings, seen, kept.setdefault((row.gym, row.task_id), []))
    return [found[place] for place in range(len(rows))]


def _fate(row: Row, settings: TeachConfig, seen: set[tuple[str, int]], kept: list[frozenset[int]]) -> Fate:
    """Of the best episode that has none yet; `seen` and `kept` (of its task) are brought up to date."""
    if row.status != OK or row.score is None:
        return "failed"
    if not imitable(row):
        return "silent"
    if row.score < settings.min_score:
        return "below_min_score"
    messages = spoken(row)
    exact = row.gym, fingerprint(messages)
    if exact in seen:
        return "duplicate"
    seen.add(exact)
    said = grams(messages)
    if settings.similarity is not None and _near(said, kept, settings.similarity):
        return "near_duplicate"
    if len(kept) >= settings.keep:
        return "beyond_top"
    kept.append(said)
    return "kept"


def spoken(row: Row) -> list[Message]:
    """The messages up to the teacher's last word: nobody answers what came after."""
    messages = [Message(**message) for message in json.loads(row.messages)]
    last = max((place for place, message in enumerate(messages) if message.role == "assistant"), default=-1)
    return messages[: last + 1]


def imitable(row: Row) -> list[int]:
    """The turns to imitate: well-formed, and not cut off by the limit of tokens."""
    return [turn.turn for turn in row.turns if turn.finish == "stop" and turn.rewards[FORMAT_REWARD][0] == 0]


def _near(said: frozenset[int], others: Iterable[frozenset[int]], limit: float) -> bool:
    return any(similarity(said, other) > limit for other in others)


def _rank(row: Row) -> tuple[float, int, int, str, str]:
    """Better ones first: by score; then fewer malformed turns, fewer turns; then by name."""
    bad = len(row.turns) - len(imitable(row))
    return -(row.score or 0.0), bad, len(row.turns), row.gym, row.episode_id
