"""What a run leaves in its directory and in Weights & Biases, written as it happens.

Invariant: `metrics.jsonl` has a row per iteration, and a last one when all is done; a step's trajectories are on disk
before its metrics are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from cluster.config import Config, resolved
from cluster.groups.ledger import Ledger
from cluster.imitation.work_folder import LOG, read_log
from cluster.observe.alarm import Alarm
from cluster.record.metrics import imitation_scalars, rollout_scalars
from cluster.record.monitor import Monitor, last_run_id
from cluster.record.run_directory import RunDirectory
from cluster.record.summary import TRANSFER
from cluster.record.versions import versions

HELDOUT = "heldout-"
"""What the phases of evaluations begin with; in W&B their group says so."""


class Recorder:
    """The run directory, the ledger and the monitor of one run."""

    def __init__(self, config: Config, directory: RunDirectory, *, began: float | None = None) -> None:
        """`directory` is the run's, fresh or to go on with. `began` is when this process began with it, on the monotonic
        clock, if that was before now."""
        self.directory, self._gyms = directory, config.gyms
        self.directory.write_config(resolved(config))
        self.directory.write_versions(versions())
        self.ledger = Ledger(self.directory.ledger)
        wandb_run = last_run_id(directory.path)
        self._went_on = wandb_run is not None
        self._monitor = Monitor(
            config.monitor.wandb,
            self.directory.path,
            config.run.name,
            config.model_dump(mode="json", exclude={"run": {"root"}}),
            config.monitor.conversations_per_step,
            run_id=wandb_run,
        )
        spent = max((row.get("wall_s") or 0.0 for row in directory.read_metrics()), default=0.0)
        self._began = (time.monotonic() if began is None else began) - spent

    def step(self, iteration: int, scalars: Mapping[str, float], trajectories: pa.Table) -> None:
        """One iteration: its trajectories and its metrics."""
        self.directory.write_trajectories(trajectories, "train", iteration)
        self.scalars(iteration, scalars, trajectories)

    def scalars(self, iteration: int, scalars: Mapping[str, float], trajectories: pa.Table | None = None) -> None:
        """Metrics alone."""
        row = {"iteration": iteration, "wall_s": time.monotonic() - self._began, **scalars}
        self.directory.append_metrics(row)
        self._monitor.log(iteration, row, trajectories)

    def evaluation(self, table: pa.Table, phase: str, version: int, iteration: int | None = None) -> None:
        """The trajectories of an evaluation of weights `version`, and its score for W&B."""
        self.directory.write_trajectories(table, phase, iteration)
        gyms = self._gyms.transfer if phase.endswith(TRANSFER) else self._gyms.train
        scalars, label, names = rollout_scalars(table, gyms=gyms), phase.removeprefix(HELDOUT), ("score", "success")
        there = sorted(set(table["gym"].to_pylist())) if len(gyms) > 1 else []  # not every gym offers every baseline
        self._monitor.log(
            version,
            {f"heldout/{label}/{name}": scalars[f"reward/{name}"] for name in names}
            | {f"heldout/{label}/{name}/{gym}": scalars[f"reward/{name}/{gym}"] for gym in there for name in names},
        )

    def imitation(self, name: str, model: Path) -> None:
        """How a model that the run starts from was made, for W&B; a W&B run that is gone on with has it already."""
        if not self._went_on:
            self._monitor.imitation(imitation_scalars(name, read_log(model / LOG)))

    def alarm(self, alarm: Alarm) -> None:
        """What a guard says, for those who watch W&B."""
        self._monitor.alarm(alarm)

    def close(self, exit_code: int = 0) -> None:
        """Flush everything."""
        self.ledger.close()
        self._monitor.finish(exit_code)
