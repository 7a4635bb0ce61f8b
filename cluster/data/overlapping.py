"""`parley data overlap`: what of the held-out tasks was read in training."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from cluster.data.listing import UNION
from cluster.data.tasks import Asked, refusals
from cluster.errors import UserError
from cluster.terminal.safe_text import styled_line
from envs import registry
from envs.base import Task
from envs.overlap import overlap


def show(asked: Asked, n: int, *, as_json: bool) -> None:
    """Print the overlap between the splits. Raises UserError where there is nothing to compare."""
    tasks = asked.tasks()
    heldout = [task for task in tasks if task.split == "heldout"]
    train, against = [task for task in tasks if task.split == "train"], asked.what
    if not train and asked.source is not None:
        train, against = _others(asked.gym)
    for split, listed in (("train", train), ("held-out", heldout)):
        if not listed:
            raise UserError(f"{asked.gym} has no {split} tasks in {asked.what}: there is nothing to compare.")
    with refusals():  # of a world that is not here
        found = overlap(train, heldout, n)
    if as_json:
        print(
            json.dumps(
                {"gym": asked.gym, "heldout_of": asked.what, "train_of": against, "share": found.share, **asdict(found)},
                indent=1,
            )
        )
        return
    table = Table("", "", show_header=False, title=f"Runs of {n} words that held-out tasks share with train")
    table.add_row("held-out tasks", f"{found.heldout} of {asked.what}")
    table.add_row("train tasks", f"{found.train} of {against}")
    table.add_row("share a run", f"{found.touched} ({found.share:.1%})")
    table.add_row("whole text the same", str(found.identical))
    table.add_row("shared of a task's runs", f"{found.mean_share:.1%} on average")
    console = Console(markup=False, highlight=False)
    console.print(table)
    for text, count in found.common:
        console.print(styled_line(f"{count:6}  {text}"))


def _others(gym: str) -> tuple[list[Task], str]:
    """The tasks that are trained on, for a list that has none of its own."""
    wider = Asked(gym, UNION if UNION in registry.sources(gym) else None, split="train")
    return wider.tasks(), wider.what
