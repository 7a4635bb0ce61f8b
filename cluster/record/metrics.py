"""The scalars of one iteration, by the names that metrics.jsonl, W&B and the report share.

`docs/metrics.md` says what each means; a test keeps the two together.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from cluster.groups.collector import oldest_version
from learner.sequences import Sequences
from rewards.trajectory import OK, split_by_gym

IMITATION = ("loss", "heldout_loss", "lr", "grad_norm", "epoch", "tokens", "tokens_per_s")
"""What of an imitation is logged."""


def rollout_scalars(table: pa.Table, version: int | None = None, gyms: Collection[str] = ()) -> dict[str, float]:
    """Averages over scored episodes; `reward/<name>` is the sum of a named reward over an episode.

    `table` holds the trained policy's rows. `gyms` are those that the run plays for such tables: where they are several,
    each has numbers of its own, be it in this table or not; of one they would say the same twice. With the learner's
    `version` at the moment the groups were consumed, their staleness is reported too, in versions.
    """
    rows = table.filter(pc.equal(table["sequence"], 0))
    scored = rows.filter(pc.equal(rows["status"], OK))
    played = table.filter(pc.equal(table["status"], OK))
    turns = [turn for cell in played["turns"].to_pylist() for turn in cell]  # each is in one row of its trajectory
    episodes = max(1, scored.num_rows)
    lengths = _sampled_tokens(played)
    masked = rows.num_rows - scored.num_rows
    reasons = sorted(Counter(rows["status"].to_pylist()).items())
    return {
        "reward/score": _mean(scored["score"]),
        "reward/success": _mean(pc.cast(scored["success"], pa.float64())),
        **{f"reward/{name}": total / episodes for name, total in sorted(_rewards(turns).items())},
        **(_by_gym(scored, played, gyms) if len(gyms) > 1 else {}),
        "rollout/turns": len(turns) / episodes if scored.num_rows else float("nan"),
        "rollout/tokens": float(np.sum(lengths)) / episodes,
        "rollout/length_p95": float(np.percentile(lengths, 95)) if len(lengths) else float("nan"),
        "rollout/finish_length_share": _share(turn["finish"] == "length" for turn in turns),
        "rollout/episodes": float(scored.num_rows),
        "rollout/masked_episodes": float(masked),
        "rollout/masked_share": masked / max(1, rows.num_rows),
        **{f"rollout/masked/{status}": float(n) for status, n in reasons if status != OK},
        "rollout/truncated": _share(ended != "terminated" for ended in scored["ended"].to_pylist()),
        **(_staleness(table, version) if version is not None else {}),
    }


def learner_scalars(updates: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Averages over the step's optimizer updates, except what is a maximum by name. One NaN makes the result NaN."""
    names = sorted({name for update in updates for name in update} - {"seconds"})
    gather = {name: [update[name] for update in updates if name in update] for name in names}
    return {f"learner/{n}": float(np.max(v) if n.endswith("_max") else np.mean(v)) for n, v in gather.items()}


def imitation_scalars(role: str, rows: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """The rows of an imitation's `sft.jsonl` as W&B has them."""
    return [{"sft/step": row["step"], **{f"sft/{role}/{name}": row[name] for name in IMITATION if name in row}} for row in rows]


def credit_scalars(credit: Mapping[str, float]) -> dict[str, float]:
    """The report of `learner.assignment.assign`. That a group taught nothing is told with the rollouts it was played for."""
    return {f"{'rollout' if name == 'zero_weight_groups' else 'reward'}/{name}": value for name, value in credit.items()}


def _rewards(turns: Iterable[Mapping[str, Sequence[Mapping[str, float]]]]) -> dict[str, float]:
    sums: dict[str, float] = defaultdict(float)
    for turn in turns:
        for reward in turn["rewards"]:
            sums[str(reward["name"])] += reward["value"]
    return sums


def _by_gym(scored: pa.Table, played: pa.Table, gyms: Iterable[str]) -> dict[str, float]:
    """What means something only within a gym."""
    scalars, nothing = {}, scored.slice(0, 0)
    of_scored, of_played = split_by_gym(scored), split_by_gym(played)
    for gym in sorted(gyms):
        own = of_scored.get(gym, nothing)
        turns = pc.sum(pc.list_value_length(of_played.get(gym, nothing)["turns"])).as_py()
        scalars[f"reward/score/{gym}"] = _mean(own["score"])
        scalars[f"reward/success/{gym}"] = _mean(pc.cast(own["success"], pa.float64()))
        scalars[f"rollout/turns/{gym}"] = turns / own.num_rows if own.num_rows else float("nan")
        scalars[f"rollout/episodes/{gym}"] = float(own.num_rows)
    return scalars


def _sampled_tokens(played: pa.Table) -> NDArray[np.float64]:
    """Sampled tokens of each trajectory, over all its sequences."""
    sequences = Sequences.of(played)
    return np.bincount(sequences.trajectory, weights=sequences.per_row(sequences.turn >= 0)).astype(np.float64)


def _staleness(table: pa.Table, version: int) -> dict[str, float]:
    groups = [table.filter(pc.equal(table["group_id"], group)) for group in pc.unique(table["group_id"])]
    behind = [version - oldest_version(group, version) for group in groups] or [0]
    return {"rollout/staleness_mean": float(np.mean(behind)), "rollout/staleness_max": float(max(behind))}


def _share(flags: Iterable[bool]) -> float:
    return float(np.mean(list(flags) or [False]))


def _mean(column: pa.ChunkedArray | pa.Array) -> float:
    mean = pc.mean(column).as_py()
    return float(mean) if mean is not None else float("nan")
