"""Weights & Biases: scalars in readable groups and a few conversations per step.

Offline by default: the run lies in `<run directory>/wandb/` and needs no network (`wandb sync` uploads it later). Given
to W&B are the resolved configuration, the scalars and the sampled conversations, nothing of the machine: no host, user,
command line, git state, console or source code. The W&B key is W&B's own matter and never passes through here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from cluster.errors import UserError

GROUPS = ("rollout", "reward", "learner", "heldout", "time")
"""What stands before the slash in the name of a scalar; each group has the iteration as its x axis."""
COLUMNS = ["iteration", "task", "conversation", "rewards", "score", "success", "ended"]


class Monitor:
    """One W&B run. With mode `disabled` every method does nothing."""

    def __init__(
        self,
        mode: Literal["offline", "online", "disabled"],
        folder: Path,
        name: str,
        config: Mapping[str, Any],
        conversations_per_step: int = 4,
    ) -> None:
        self._conversations = conversations_per_step
        self._run: Any = None if mode == "disabled" else _start(mode, folder, name, dict(config))

    def log(self, iteration: int, scalars: Mapping[str, float], trajectories: pa.Table | None = None) -> None:
        """One row of history; `trajectories` are what conversations are sampled from."""
        if self._run is None:
            return
        import wandb

        row: dict[str, Any] = {"iteration": iteration, **scalars}
        if trajectories is not None and self._conversations:
            data = conversations(trajectories, iteration, self._conversations)
            row["rollout/conversations"] = wandb.Table(columns=COLUMNS, data=data)
        self._run.log(row)

    def finish(self, exit_code: int = 0) -> None:
        """Write what is left; the monitor is not used afterwards."""
        if self._run is not None:
            self._run.finish(exit_code=exit_code)


def _start(mode: Literal["offline", "online"], folder: Path, name: str, config: dict[str, Any]) -> Any:
    # wandb starts a helper process that reads the environment before any settings reach it.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    import wandb

    folder.mkdir(parents=True, exist_ok=True)
    quiet = wandb.Settings(
        silent=True,
        console="off",
        host="",
        disable_git=True,
        disable_code=True,
        save_code=False,
        x_disable_stats=True,
        x_disable_meta=True,
        x_save_requirements=False,
    )
    try:
        run = wandb.init(mode=mode, dir=str(folder), project="parley", name=name, config=config, settings=quiet)
    except wandb.errors.UsageError as error:
        raise UserError(f"monitor.wandb is {mode!r}, but W&B says: {error} Or set monitor.wandb=offline.") from None
    for group in GROUPS:
        run.define_metric(f"{group}/*", step_metric="iteration")
    return run


def conversations(table: pa.Table, iteration: int, count: int) -> list[list[Any]]:
    """`count` episodes spread evenly over the table, as rows of `COLUMNS`; the same table gives the same ones."""
    first = table.filter(pc.equal(table["sequence"], 0))
    places = {place * first.num_rows // count for place in range(count)} if first.num_rows else set()
    return [_row(first.slice(place, 1).to_pylist()[0], iteration) for place in sorted(places)]


def _row(row: dict[str, Any], iteration: int) -> list[Any]:
    said = "\n".join(f"{message['role']}: {message['content']}" for message in json.loads(row["messages"]))
    rewards = "\n".join(
        f"{turn['turn']}: " + ", ".join(f"{reward['name']} {reward['value']:+.3g}" for reward in turn["rewards"])
        for turn in row["turns"]
    )
    return [iteration, row["task_id"], said, rewards, row["score"], row["success"], row["ended"] or row["status"]]
