"""The files of the trap benchmark: `items.parquet`, `traps.json`, `traps.md`, `traps.html`.

Equal users, items and seed give equal bytes: no file says when or where it was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from cluster.evaluation.outputs import table_lines
from cluster.evaluation.store import Store
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
        *((name, WORDS) for name in ("traps", "templates", "payloads", "declared", "moves", "answers", "errors")),
        *((name, pa.string()) for name in ("twin_of", "pair")),
        *(("level", pa.int8()), ("valid", pa.bool_())),
        *((name, pa.float64()) for name in ("detect", "resist", "counter", "goal", "trap_score")),
        *(("handled", pa.bool_()), ("breached_at", pa.int8())),
    ]
)
"""A row is a user's item. `moves` and `answers` are of the window's legal turns, `errors` of all that the parser read;
`trap_score` is null of twins and ordinary items, `handled` of all but twins, `breached_at` of all but breached trap items."""


def write(result: Result, sat: Mapping[str, Sequence[Sat]], store: Store) -> None:
    """Write all of them, each one whole."""
    rows = [_row(name, one) for name, taken in sat.items() for one in taken]
    store.write_table("items.parquet", pa.Table.from_pylist(rows, schema=SCHEMA))
    store.write("traps.json", json.dumps(result.as_json(), indent=2, allow_nan=False) + "\n")
    store.write("traps.md", "\n".join(markdown(result)))
    store.write("traps.html", page(result))


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
    failed = ", ".join(f"{count} ({user})" for user, count in bank.failed.items() if count)
    return [
        ("split", bank.split),
        ("locale", bank.locale),
        ("items", ", ".join(f"{count} {kind}" for kind, count in bank.items.items())),
        *([("failed items", failed)] if failed else []),
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
        "errors": [" ".join(codes) for codes in one.errors],
        "trap_score": score.trap_score if item.kind in ("trap", "stack") else None,
        "breached_at": one.breached_at,
    }
