"""`parley data import`: files of UserRL's become a task file of ours.

Invariant: every row or item that is read becomes a task or is named with file, place and field; the two add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cluster.data.tasks import refusals
from cluster.errors import UserError, suggestion
from cluster.terminal.safe_text import safe_line
from envs import task_file
from envs.base import Split, Task
from envs.userrl import items, parquet
from envs.userrl.dialect import BadField
from envs.userrl.dialects import DIALECTS

LISTED = 20
"""Bad rows that are printed."""
Made = Iterator[tuple[str, Task | BadField]]


@dataclass(slots=True)
class Loaded:
    """What came of all rows and items."""

    tasks: list[Task] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    """One line each: file, place, field, reason."""

    def counts(self) -> dict[str, Any]:
        """For people and programs; `read` is `tasks` and `bad` together."""
        gyms = Counter((task.gym, task.split) for task in self.tasks)
        split = {gym: {s: n for (of, s), n in sorted(gyms.items()) if of == gym} for gym in sorted({g for g, _ in gyms})}
        return {"read": len(self.tasks) + len(self.bad), "tasks": len(self.tasks), "bad": len(self.bad), "gyms": split}

    def complaints(self) -> list[str]:
        """The first bad rows, and how many more there are."""
        more = len(self.bad) - LISTED
        return [*self.bad[:LISTED], *([f"… and {more} more"] if more > 0 else [])]


def load(files: Sequence[Path], *, gym: str | None, item_files: Sequence[Path], split: Split | None) -> Loaded:
    """Read Parquet and JSON files, in order. Raises UserError for what is no such file at all."""
    if gym is not None and gym not in DIALECTS:
        raise UserError(f"--gym is {gym!r}: UserRL has no data of that gym; {suggestion(gym, DIALECTS)}")
    loaded, seen = Loaded(), dict[tuple[str, str], str]()
    with refusals():  # of a whole file
        known = _index(item_files, gym)
        for file in files:
            for place, made in _made(file, gym, known, split):
                where = f"{file} {place}"
                if isinstance(made, BadField):
                    loaded.bad.append(safe_line(f"{where}: {made}"))
                elif first := seen.get((made.gym, made.id)):
                    loaded.bad.append(safe_line(f"{where}: id: the task {made.id} is there already, in {first}."))
                else:
                    seen[made.gym, made.id] = where
                    loaded.tasks.append(made)
    return loaded


def _index(files: Sequence[Path], gym: str | None) -> parquet.Items:
    """The items that rows may need: a file's items are a gym's if that gym calls them something."""
    listed = [found for file in files for found in items.read(file)]
    return {name: items.index(DIALECTS[name], listed) for name in ([gym] if gym else DIALECTS)}


def _made(file: Path, gym: str | None, known: parquet.Items, split: Split | None) -> Made:
    if file.suffix == ".parquet":
        if split is not None:
            raise UserError(f"--split is {split}: {file} says of every row what its split is; leave it out.")
        return parquet.tasks(file, known, gym)
    if file.suffix != ".json":
        raise UserError(f"{file} must end in .parquet (RL rows) or .json (a gym's items).")
    if gym is None:
        raise UserError(f"{file} does not say whose items it has: add --gym, one of {', '.join(DIALECTS)}.")
    if split is None:
        raise UserError(f"{file} does not say which split it is: add --split train or --split heldout.")
    return items.tasks(DIALECTS[gym], file, split)


def save(loaded: Loaded, out: Path, *, drop_bad: bool) -> None:
    """Write the task file. Raises UserError, and writes nothing, if a row is bad and may not be dropped, or no task is left."""
    if loaded.bad and not drop_bad:
        share = f"{len(loaded.bad)} of {loaded.counts()['read']}"
        raise UserError(f"{share} rows are bad, nothing was written: mend them, or add --drop-bad.")
    if not loaded.tasks:
        raise UserError("there is no task to write.")
    try:
        task_file.write(out, loaded.tasks)
    except OSError as error:
        raise UserError(f"--out {out} cannot be written: {error.strerror}.") from None
