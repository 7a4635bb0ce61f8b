"""The scalars of one iteration, by the names that metrics.jsonl, W&B and the report share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rewards.trajectory import OK


def rollout_scalars(table: pa.Table) -> dict[str, float]:
    """Averages over episodes; `reward/<name>` is the sum of a named reward over an episode."""
    rows = table.filter(pc.equal(table["sequence"], 0))
    scored = rows.filter(pc.equal(rows["status"], OK))
    sums: dict[str, float] = {}
    for turns in scored["turns"].to_pylist():
        for turn in turns:
            for reward in turn["rewards"]:
                sums[reward["name"]] = sums.get(reward["name"], 0.0) + reward["value"]
    episodes = max(1, scored.num_rows)
    said = pc.sum(pc.greater_equal(pc.list_flatten(table["turn"]), 0)).as_py() or 0
    return {
        "reward/score": _mean(scored["score"]),
        "reward/success": _mean(pc.cast(scored["success"], pa.float64())),
        **{f"reward/{name}": total / episodes for name, total in sorted(sums.items())},
        "rollout/turns": _mean(pc.cast(pc.list_value_length(scored["turns"]), pa.float64())),
        "rollout/tokens": said / episodes,
        "rollout/episodes": float(scored.num_rows),
        "rollout/masked_episodes": float(rows.num_rows - scored.num_rows),
        **{
            f"rollout/masked/{status}": float(n)
            for status, n in sorted(Counter(rows["status"].to_pylist()).items())
            if status != OK
        },
        "rollout/truncated": float(np.mean([ended != "terminated" for ended in scored["ended"].to_pylist()] or [0.0])),
    }


def learner_scalars(updates: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Averages over the step's optimizer updates, except what is a maximum by name."""
    names = sorted({name for update in updates for name in update} - {"seconds"})
    gather = {name: [update[name] for update in updates if name in update] for name in names}
    return {f"learner/{n}": float(max(v) if n.endswith("_max") else np.mean(v)) for n, v in gather.items()}


def _mean(column: pa.ChunkedArray | pa.Array) -> float:
    mean = pc.mean(column).as_py()
    return float(mean) if mean is not None else float("nan")
