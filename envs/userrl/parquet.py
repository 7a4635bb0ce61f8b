"""The RL parquet of UserRL: one row per task (specs/gyms.md 4).

In merged files the structs of all gyms are one, and what a gym does not have is null. Their split test is our heldout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import envs
from envs.base import Split, Task
from envs.userrl.dialect import BadField, Dialect, Item, Row, attempt
from envs.userrl.dialects import DIALECTS
from envs.userrl.items import parse

COLUMNS = ("data_source", "prompt", "ability", "reward_model", "extra_info")
KWARGS = "extra_info.tools_kwargs.interact_with_env.create_kwargs"
SPLITS: dict[str, Split] = {"train": "train", "test": "heldout"}
NAMES: dict[Split, str] = {ours: theirs for theirs, ours in SPLITS.items()}
STYLE, ABILITY = "rule", "interaction"
Items = Mapping[str, Mapping[str, tuple[str, Item]]]
"""By gym: what `items.index` found."""


def tasks(path: Path, items: Items, gym: str | None = None) -> Iterator[tuple[str, Task | BadField]]:
    """What comes of every row, in order; with `gym`, rows of another gym are bad ones. Raises ValueError for another file."""
    number = 0
    try:
        file = pq.ParquetFile(path)
        if absent := sorted(set(COLUMNS) - set(file.schema_arrow.names)):
            raise ValueError(f"{path} is no RL parquet of UserRL's: it has no column {', '.join(absent)}.")
        for batch in file.iter_batches(columns=list(COLUMNS)):
            for cells in batch.to_pylist():
                number += 1
                yield f"row {number}", attempt(lambda cells=cells: _task(cells, items, gym))  # type: ignore[misc]
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path} cannot be read as Parquet ({str(error).splitlines()[0]}).") from None


def _task(cells: Mapping[str, Any], items: Items, gym: str | None) -> Task:
    name = _text(cells, f"{KWARGS}.env_name")
    if name not in DIALECTS or name != (gym or name):
        raise BadField(f"{KWARGS}.env_name", f"it is {name!r}, not {gym or ' or '.join(sorted(DIALECTS))}.")
    dialect, row = DIALECTS[name], _row(cells, DIALECTS[name].keys)
    key = row.kwargs[dialect.keys[0]]
    if key in items.get(name, {}):
        place, item = items[name][key]
        made = parse(dialect, place, item, row.split)
        if isinstance(made, BadField):
            raise BadField(made.field, f"{made.reason} (in the item {key!r})")
        return made
    if dialect.from_row is None:
        raise BadField(f"{KWARGS}.{dialect.keys[0]}", f"it is {key!r}, and no file of --items has that item of {name}.")
    task: Task = dialect.from_row(row)
    return task


def _row(cells: Mapping[str, Any], keys: Sequence[str]) -> Row:
    split = _text(cells, "extra_info.split")
    if split not in SPLITS:
        raise BadField("extra_info.split", f"it is {split!r}, not {' or '.join(SPLITS)}.")
    said = [m.get("content") for m in cells["prompt"] or [] if isinstance(m, Mapping) and m.get("role") == "user"]
    if not said or not isinstance(said[-1], str) or not said[-1].strip():
        raise BadField("prompt", "it has no user message with text.")
    kwargs = {key: _text(cells, f"{KWARGS}.{key}") for key in keys}
    return Row(kwargs, _text(cells, "reward_model.ground_truth"), said[-1], SPLITS[split])


def _text(cells: Mapping[str, Any], path: str) -> str:
    found: Any = cells
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    if not isinstance(found, str):
        raise BadField(path, "it is missing." if found is None else f"it is a {type(found).__name__}, not a string.")
    return found


def schema(dialect: Dialect[Any]) -> pa.Schema:
    """The columns of a gym's file."""
    keys = [(key, pa.string()) for key in ("env_name", *dialect.keys)]
    tools = pa.struct([("interact_with_env", pa.struct([("create_kwargs", pa.struct(keys))]))])
    extra = [("index", pa.int64()), ("need_tools_kwargs", pa.bool_()), ("split", pa.string()), ("tools_kwargs", tools)]
    return pa.schema(
        [
            ("data_source", pa.string()),
            ("prompt", pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))),
            ("ability", pa.string()),
            ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string()), *keys])),
            ("extra_info", pa.struct(extra)),
        ]
    )


def table(dialect: Dialect[Any], tasks: Sequence[Task]) -> pa.Table:
    """Tasks as rows, in order; what the agent is told of the rules is what our gym tells it."""
    counts: dict[Split, int] = {"train": 0, "heldout": 0}
    rows = []
    for task, view in zip(tasks, envs.first_views(dialect.gym, tasks), strict=True):
        rows.append(_cells(dialect, task, view.system, counts[task.split]))
        counts[task.split] += 1
    return pa.Table.from_pylist(rows, schema=schema(dialect))


def _cells(dialect: Dialect[Any], task: Task, system: str, number: int) -> dict[str, Any]:
    keys = {"env_name": dialect.gym, **dialect.kwargs(task)}
    return {
        "data_source": dialect.data_source,
        "prompt": [{"role": "system", "content": system}, {"role": "user", "content": dialect.opening(task)}],
        "ability": ABILITY,
        "reward_model": {"style": STYLE, "ground_truth": dialect.ground_truth(task), **keys},
        "extra_info": {
            "index": number,
            "need_tools_kwargs": True,
            "split": NAMES[task.split],
            "tools_kwargs": {"interact_with_env": {"create_kwargs": keys}},
        },
    }
