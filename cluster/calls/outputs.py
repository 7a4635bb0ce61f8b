"""The files of the calls: `calls.parquet`, and `calls.json`, `calls.md`, `calls.html` (`cluster.usersim.report`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pyarrow as pa

from cluster.calls.charts import panels
from cluster.calls.plan import matter
from cluster.calls.result import Result, Switched
from cluster.calls.tables import tables
from cluster.evaluation.store import Store
from cluster.usersim.report import Facts, Report, failures
from envs.usersim.data.sops import domain
from envs.usersim.metrics.call import Call
from envs.usersim.metrics.calls import VALUES

WORDS = pa.list_(pa.string())
MEASURED = [name for name in VALUES if name not in ("turns", "agreed", "refused", "left", "open", "cut_off")]
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("user", "task", "agent", "persona_id", "sop_id", "family", "domain", "locale")),
        *(("matter", pa.string()), ("switch", pa.string()), ("run", pa.int32())),
        *((name, pa.string()) for name in ("ending", "decision")),
        *((name, pa.float64()) for name in (*MEASURED, "v_state", "style")),
        *((name, pa.int32()) for name in ("turns", "tokens")),
        ("seconds", pa.float64()),
        *((name, WORDS) for name in ("levels", "errors", "moves", "outcomes", "answers")),
    ]
)
"""A row is a user's call. `levels` and `errors` are of all turns; `moves`, `outcomes` and `answers` of those that were heard;
`seconds` of the whole call, null where nobody looked; `switch` is null but of calls held in two languages."""


def write(result: Result, calls: Mapping[str, Sequence[Call]], switched: Mapping[str, Switched], store: Store) -> None:
    """Write all of them, each one whole."""
    rows = [_row(user, call, None) for user, own in calls.items() for call in own]
    rows += [_row(user, call, switch) for user, own in switched.items() for switch, call in own]
    store.write_table("calls.parquet", pa.Table.from_pylist(rows, schema=SCHEMA))
    shown = list(tables(result))
    Report("Calls", "in whole calls", list(result.users), facts(result), shown, panels(result)).write(
        "calls", result.as_json(), store
    )


def facts(result: Result) -> Facts:
    """(what, how much) of the calls as a whole."""
    plan = result.plan
    return [
        ("split", plan.split),
        ("tasks", str(plan.tasks)),
        ("calls of each", str(plan.runs)),
        *failures("failed calls", plan.failed),
        ("clusters", str(plan.clusters)),
        ("seed", str(plan.seed)),
        ("resamples", str(plan.resamples)),
    ]


def _row(user: str, call: Call, switch: str | None) -> dict[str, Any]:
    task, heard = call.task, call.heard
    known = [turn.v_state for turn in heard if turn.v_state is not None]
    return {
        "user": user,
        "task": task.id,
        "agent": task.agent,
        "persona_id": task.persona.persona_id,
        "sop_id": task.sop.sop_id,
        "family": task.sop.family,
        "domain": domain(task.sop),
        "locale": task.sop.locale,
        "matter": matter(task),
        "switch": switch,
        "run": call.run,
        "ending": call.ending,
        "decision": call.decision,
        **{name: VALUES[name](call) for name in MEASURED},
        "v_state": fmean(known) if known else None,
        "style": fmean(call.style) if call.style else None,
        "turns": len(call.turns),
        "tokens": call.tokens,
        "seconds": None if call.seconds is None else sum(call.seconds),
        "levels": [turn.level.lower() for turn in call.turns],
        "errors": [" ".join(turn.errors) for turn in call.turns],
        "moves": [turn.move for turn in heard],
        "outcomes": list(call.outcomes),
        "answers": list(call.answers),
    }
