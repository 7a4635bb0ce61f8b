"""`parley export`: the newest trained model of a run, in Hugging Face format."""

from __future__ import annotations

import shutil
from pathlib import Path

from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory


def newest_model(run: Path) -> Path:
    """The `hf/` folder of the run's newest checkpoint. Raises UserError if there is none."""
    checkpoints = RunDirectory.at(run).checkpoints
    models = sorted(checkpoints.glob("*/learner_group/*/hf"))
    if not models:
        raise UserError(f"{run} has no checkpoint yet: {checkpoints} is empty.")
    return models[-1]


def export(run: Path, out: Path) -> Path:
    """Copy the newest model to `out`, which must not exist."""
    model = newest_model(run)
    if out.exists():
        raise UserError(f"{out} exists already: give a folder to make.")
    shutil.copytree(model, out)
    return out
