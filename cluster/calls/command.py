"""`parley eval --usersim`: the calls from the command line on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from cluster.calls.benchmark import benchmark
from cluster.calls.tables import overview
from cluster.evaluation.evaluate import default_folder
from cluster.evaluation.grid import show
from cluster.usersim.measuring import configured
from cluster.usersim.subjects import users
from envs.usersim.loader import Heldout
from envs.usersim.metrics.clusters import RESAMPLES


def calls(
    config: Path, overrides: Sequence[str], who: Sequence[str], split: Heldout, *, out: Path | None, resume: bool
) -> None:
    """Measure users, print what a terminal has room for, and where the rest is. Raises UserError, Interrupted, RunFailed."""
    resolved = configured(config, overrides, who)
    subjects = users(who, resolved)
    folder = out.expanduser().absolute() if out else default_folder(resolved, subjects, "usersim-")
    show(overview(benchmark(resolved, subjects, split, out=folder, resamples=RESAMPLES, resume=resume)))
    typer.echo(folder / "calls.html")
