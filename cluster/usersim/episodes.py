"""What was played: the table of an evaluation's trajectories as one `Episode` for each item or call.

An episode failed if engine, server or agent did, or if the user's context was full: then its settings were too small for it,
and nothing is known of the user. A failed episode is in no number; too many end the benchmark.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from cluster.evaluation.results import sampled_tokens
from cluster.evaluation.store import KEY
from cluster.groups.heldout import refuse_masked
from rewards.trajectory import OK

COLUMNS = [*KEY, "tasks", "status", "ended", "score", "success", "turns", "state"]
FULL = "context_full"


@dataclass(frozen=True, slots=True)
class Episode:
    """One of them; `turns` are those of the trajectory table, `state` is the gym's."""

    user: str
    tasks: str
    task: str
    repeat: int
    failure: str | None
    score: float
    success: bool
    turns: Sequence[Mapping[str, Any]]
    tokens: int | None
    """That the user sampled; None where they are not seen."""
    state: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, int]:
        """Tells it from the user's others."""
        return self.task, self.repeat


def episodes(table: pa.Table, planned: Sequence[str]) -> dict[str, list[Episode]]:
    """Those of each user of `planned`, in the table's order. Raises Broken where too many of a user's failed."""
    rows, sampled = table.select(COLUMNS).to_pylist(), sampled_tokens(table)
    seen = [bool(tokens) for tokens in table["tokens"].to_pylist()]
    places: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[tuple(row[name] for name in KEY)].append(place)
    found: dict[str, list[Episode]] = {user: [] for user in planned}
    for own in places.values():
        tokens = sum(sampled[place] for place in own) if any(seen[place] for place in own) else None
        episode = _episode([rows[place] for place in own], tokens)
        found[episode.user].append(episode)
    for played in found.values():
        refuse_masked([each.failure for each in played])
    return found


def _episode(rows: Sequence[Mapping[str, Any]], tokens: int | None) -> Episode:
    first = rows[0]
    state = json.loads(next(row["state"] for row in rows if row["state"] is not None))
    turns = sorted((turn for row in rows for turn in row["turns"]), key=lambda turn: int(turn["turn"]))
    return Episode(
        user=first["agent"],
        tasks=first["tasks"],
        task=first["task_id"],
        repeat=first["repeat"],
        failure=_failure(first, state),
        score=first["score"] or 0.0,
        success=bool(first["success"]),
        turns=turns,
        tokens=tokens,
        state=state,
    )


def _failure(row: Mapping[str, Any], state: Mapping[str, Any]) -> str | None:
    if row["status"] != OK:
        return f"{row['status']}: {state.get('error', '')}"
    if row["ended"] == FULL:
        return f"{row['task_id']} does not fit: rollout.max_context is too small for this user's prompt"
    return None
