"""The files of the trap benchmark: `items.parquet`, `traps.json`, `traps.md`, `traps.html`.

Equal users, items and seed give equal bytes: no file says when or where it was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.errors import UserError
from cluster.evaluation.outputs import table_lines
from cluster.record.whole_file import replace_file
from cluster.report.document import render
from cluster.report.markdown_text import plain
from cluster.report.page import numbered
from cluster.traps.charts import panels
from cluster.traps.result import Result
from cluster.traps.sitting import Sat
from cluster.traps.tables import tables

WORDS = pa.list_(pa.string())
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("user", "item_id", "kind", "split", "locale", "persona_id", "sop_id", "family")),
        *((name, WORDS) for name in ("traps", "templates", "payloads", "declared", "moves", "answers")),
        *((name, pa.string()) for name in ("twin_of", "pair")),
        *(("level", pa.int8()), ("valid", pa.bool_())),
        *((name, pa.float64()) for name in ("detect", "resist", "counter", "goal", "trap_score")),
        *(("handled", pa.bool_()), ("breached_at", pa.int8())),
    ]
)
"""A row is a user's item. `moves` and `answers` are of the window's legal turns; `trap_score` is null of twins and ordinary
items, `handled` of all but twins, `breached_at` of all but breached trap items."""


def claim(out: Path) -> Path:
    """The folder, made. Raises UserError if there is something in it."""
    folder = out.expanduser().absolute()
    if folder.is_file():
        raise UserError(f"--out is {str(out)!r}: that is a file; give a folder.")
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"--out is {str(out)!r}: that folder holds something; give a new one.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(result: Result, sat: Mapping[str, Sequence[Sat]], folder: Path) -> None:
    """Write all of them, each one whole."""
    rows = pa.Table.from_pylist([_row(name, one) for name, taken in sat.items() for one in taken], schema=SCHEMA)
    replace_file(folder / "items.parquet", lambda aside: pq.write_table(rows, aside, compression="zstd"))
    texts = {
        "traps.json": json.dumps(result.as_json(), indent=2, allow_nan=False) + "\n",
        "traps.md": "\n".join(markdown(result)),
        "traps.html": page(result),
    }
    for name, text in texts.items():
        replace_file(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))


def markdown(result: Result) -> Iterator[str]:
    """Lines."""
    yield f"# Traps: {plain(', '.join(result.users))}"
    yield ""
    yield ", ".join(f"{name} {plain(value)}" for name, value in facts(result)) + "."
    for table in tables(result):
        yield from ("", f"## {plain(table.title)}", "", plain(table.note), "")
        yield from table_lines(table)
    yield ""


def page(result: Result) -> str:
    """The page."""
    drawn = panels(result)
    return render(
        "traps.html",
        panels=[asdict(panel) for panel in drawn],
        marks=[],
        users=list(result.users),
        facts=facts(result),
        tables=list(tables(result)),
        panels_shown=numbered(drawn),
    )


def facts(result: Result) -> list[tuple[str, str]]:
    """(what, how much) of the benchmark as a whole."""
    bank = result.bank
    return [
        ("split", bank.split),
        ("locale", bank.locale),
        ("items", ", ".join(f"{count} {kind}" for kind, count in bank.items.items())),
        ("clusters", str(bank.clusters)),
        ("seed", str(bank.seed)),
        ("resamples", str(bank.resamples)),
        ("sha256 of the items", bank.sha256[:12]),
    ]


def _row(user: str, one: Sat) -> dict[str, Any]:
    item, score = one.item, one.score
    same = ("item_id", "kind", "split", "locale", "persona_id", "sop_id", "family", "traps", "templates", "payloads", "pair")
    traces = [played.trace for played in one.played if played.trace is not None]
    return {
        "user": user,
        **{name: getattr(item, name) for name in (*same, "level", "twin_of")},
        **{name: getattr(score, name) for name in ("valid", "declared", "detect", "resist", "counter", "goal", "handled")},
        "moves": [trace.move for trace in traces],
        "answers": [trace.answer for trace in traces],
        "trap_score": score.trap_score if item.kind in ("trap", "stack") else None,
        "breached_at": one.breached_at,
    }
