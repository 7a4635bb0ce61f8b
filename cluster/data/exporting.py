"""`parley data export`: our tasks as UserRL's RL parquet and, beside it, as the JSON file that its gym reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cluster.data.tasks import Asked, refusals
from cluster.errors import UserError, suggestion
from cluster.record.whole_file import replace_file
from envs.userrl import items, parquet
from envs.userrl.dialects import DIALECTS


def export(asked: Asked, out: Path, items_out: Path | None) -> int:
    """Write the tasks and say how many there are. Raises UserError; what is written appears whole or not at all."""
    if asked.gym not in DIALECTS:
        raise UserError(f"{asked.gym} is no gym of UserRL's: {suggestion(asked.gym, DIALECTS)}")
    dialect, tasks = DIALECTS[asked.gym], asked.tasks()
    with refusals():
        table = parquet.table(dialect, tasks)
    _replace(out, lambda path: pq.write_table(table, path))
    if items_out is not None:
        text = items.text(dialect, tasks)
        _replace(items_out, lambda path: path.write_text(text, encoding="utf-8"))
    return len(tasks)


def _replace(path: Path, write: Callable[[Path], Any]) -> None:
    try:
        replace_file(path, write)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None
