"""What every episode of an evaluation came to: the table of its trajectories as one `Result` per episode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cluster.evaluation.store import KEY
from rewards.combine import FORMAT_REWARD
from rewards.trajectory import OK

JUDGE_FAILED = "judge_"
"""How the status of an episode begins whose judge gave no verdict."""
COLUMNS = [*KEY, "tasks", "status", "score", "success", "turns"]
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Result:
    """One episode. Without a score it failed: it is counted, and in no mean."""

    agent: str
    user: str
    how: str
    tasks: str
    gym: str
    task: str
    status: str
    score: float
    success: bool
    turn_rewards: tuple[float, ...]
    """What the gym paid for each turn; the format penalty of training is not its."""
    tokens: int | None
    """That the agent sampled; None where its tokens are not seen."""

    @property
    def ok(self) -> bool:
        return self.status == OK

    @property
    def judge_failed(self) -> bool:
        return self.status.startswith(JUDGE_FAILED)

    @property
    def item(self) -> tuple[str, str]:
        """Gym and task: what is resampled."""
        return self.gym, self.task


def results(table: pa.Table) -> list[Result]:
    """Every episode of an evaluation's table, in its order."""
    rows = table.select(COLUMNS).to_pylist()
    found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        found[tuple(row[name] for name in KEY)].append(place)
    sampled, seen = sampled_tokens(table), pc.list_value_length(table["tokens"]).to_pylist()
    return [
        _result(
            [rows[place] for place in places],
            sum(sampled[place] for place in places) if any(seen[place] for place in places) else None,
        )
        for places in found.values()
    ]


def grouped(of: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Everything by its key, in the order of first appearance."""
    found: dict[K, list[T]] = {}
    for each in of:
        found.setdefault(key(each), []).append(each)
    return found


def _result(rows: list[dict[str, Any]], tokens: int | None) -> Result:
    first = rows[0]
    turns = sorted((turn for row in rows for turn in row["turns"]), key=lambda turn: int(turn["turn"]))
    paid = tuple(sum(r["value"] for r in turn["rewards"] if r["name"] != FORMAT_REWARD) for turn in turns)
    about = (first["agent"], first["user"], first["how"], first["tasks"], first["gym"], first["task_id"], first["status"])
    return Result(*about, first["score"] or 0.0, bool(first["success"]), paid, tokens)


def sampled_tokens(table: pa.Table) -> list[int]:
    """Sampled tokens of each row."""
    turns = table["turn"].combine_chunks()
    own = pc.list_parent_indices(turns).filter(pc.greater_equal(pc.list_flatten(turns), 0))
    return [int(count) for count in np.bincount(own.to_numpy(), minlength=table.num_rows)]
