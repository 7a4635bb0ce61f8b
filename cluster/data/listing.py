"""`parley data list` and `parley data show`.

Invariant: what is hidden from the agent is printed only when it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table

import envs
from cluster.data.tasks import SPLITS, Asked, refusals
from cluster.errors import UserError, suggestion
from cluster.terminal.json_text import dumps
from cluster.terminal.safe_text import styled, styled_line
from envs import registry
from envs.base import Task

Row = dict[str, Any]
UNION = "all"
"""The source that is the others together; counted in them."""


def sizes() -> list[Row]:
    """Per gym and source how many tasks a split has; null where they cannot be had here."""
    return [row for gym in envs.gyms() for row in _sizes(gym)]


def _sizes(gym: str) -> Iterator[Row]:
    sources: list[str | None] = [source for source in registry.sources(gym) if source != UNION]
    for source in sources or [None]:
        row: Row = {"gym": gym, "source": source, "usual": source in (None, registry.usual_source(gym))}
        try:
            counts = {split: len(envs.load(gym, split, **({} if source is None else {"source": source}))) for split in SPLITS}
        except ValueError as error:  # a source that takes a package, for example
            yield row | dict.fromkeys(SPLITS) | {"note": str(error)}
        else:
            yield row | counts | {"note": ""}


def show_sizes(*, as_json: bool) -> None:
    """Print them."""
    if as_json:
        print(json.dumps(sizes(), indent=1))
        return
    table = Table("gym", "source", *SPLITS, "")
    for row in sizes():
        counts = ["-" if row[split] is None else f"{row[split]:,}" for split in SPLITS]
        note = row["note"] or ("loaded if none is named" if row["usual"] and row["source"] else "")
        table.add_row(row["gym"], row["source"] or "", *counts, note)
    Console(markup=False, highlight=False).print(table)


def show(asked: Asked, *, task: str | None, count: int, hidden: bool, as_json: bool) -> None:
    """Print the task of an id, or the first so many. Raises UserError if there is none."""
    tasks = asked.tasks()
    chosen = tasks[:count] if task is None else [each for each in tasks if each.id == task]
    if not chosen:
        near = suggestion(str(task), [each.id for each in tasks])
        raise UserError(f"--task {task!r} is no task of {asked.gym} in {asked.what}: {near}")
    console = Console(markup=False, highlight=False, emoji=False)
    for each in chosen:
        if as_json:
            print(dumps(data(each, hidden=hidden)))
        else:
            _print(console, each, hidden=hidden)


def data(task: Task, *, hidden: bool) -> Row:
    """A task's header, what the agent reads first, and, if asked for, all that is hidden."""
    with refusals():  # of a world that is not here
        first = envs.first_views(task.gym, [task])[0]
    told = {"id": task.id, "gym": task.gym, "split": task.split, "source": getattr(task, "source", None)}
    told |= {"agent_reads": [message.content for message in first.messages], "models_needed": sorted(task.beyond_rules)}
    return told | ({"hidden": hidden_part(task)} if hidden else {})


def hidden_part(task: Task) -> Row:
    """Everything that the agent is not shown at the beginning; of a task without a part called `hidden`, all its own fields."""
    fields = task.model_dump(mode="json", exclude={"id", "gym", "split", "source", "visible"})
    part: Row = fields["hidden"] if set(fields) == {"hidden"} else fields
    return part


def _print(console: Console, task: Task, *, hidden: bool) -> None:
    told = data(task, hidden=hidden)
    console.print(Rule(styled_line(f"{task.gym}  {task.id}  {task.split}", "bold"), align="left", characters="-"))
    for text in told["agent_reads"]:
        console.print(styled(text))
    if told["models_needed"]:
        console.print(styled_line(f"told in free words: no script can be {', '.join(told['models_needed'])}", "yellow"))
    if hidden:
        console.print(styled_line("hidden", "dim"))
        console.print(styled(json.dumps(told["hidden"], indent=1, ensure_ascii=False)))
