"""The files of the trap benchmark: `items.parquet`, and `traps.json`, `traps.md`, `traps.html` (`cluster.usersim.report`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cluster.evaluation.store import Store
from cluster.traps.charts import panels
from cluster.traps.result import Result
from cluster.traps.sitting import Sat
from cluster.traps.tables import tables
from cluster.usersim.report import Facts, Report, failures

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
    report = Report("Traps", "against the trap bank", list(result.users), facts(result), list(tables(result)), panels(result))
    report.write("traps", result.as_json(), store)


def facts(result: Result) -> Facts:
    """(what, how much) of the benchmark as a whole."""
    bank = result.bank
    return [
        ("split", bank.split),
        ("locale", bank.locale),
        ("items", ", ".join(f"{count} {kind}" for kind, count in bank.items.items())),
        *failures("failed items", bank.failed),
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
