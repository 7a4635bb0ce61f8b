"""The trajectory table: what rollouts send to the learner and what the run directory keeps.

One row per token *sequence*; a trajectory is all sequences of one (episode, policy), in order. On the wire it is a
`pa.Table` (slices of a RecordBatch would ship their whole parent), at rest it is Parquet.

Invariants, checked by `validate`
- `tokens`, `turn`, `logprobs`, `version` (and `advantage`, once set) have equal length in a row.
- `turn` is -1 on tokens this policy did not sample and otherwise the number of the turn, which runs through all
  sequences of a trajectory; a turn lives in exactly one row.
- On rollouts (`status == "ok"` and a named opponent) a sampled token has a logprob, every other token has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

REWARD = pa.struct([("name", pa.string()), ("value", pa.float64()), ("source", pa.string())])
TURN = pa.struct([("turn", pa.int16()), ("finish", pa.string()), ("signature", pa.string()), ("rewards", pa.list_(REWARD))])

SCHEMA = pa.schema(
    [
        ("policy", pa.string()),
        ("opponent", pa.string()),
        ("gym", pa.string()),
        ("task_id", pa.string()),
        ("split", pa.string()),
        ("group_id", pa.int64()),
        ("episode_id", pa.string()),
        ("attempt", pa.int16()),
        ("sequence", pa.int16()),
        ("seed", pa.int64()),
        ("tokens", pa.list_(pa.int32())),
        ("turn", pa.list_(pa.int16())),
        ("logprobs", pa.list_(pa.float32())),
        ("version", pa.list_(pa.int32())),
        ("block", pa.list_(pa.int8())),
        ("turns", pa.list_(TURN)),
        ("advantage", pa.list_(pa.float32())),
        ("score", pa.float64()),
        ("success", pa.bool_()),
        ("ended", pa.string()),
        ("status", pa.string()),
        ("messages", pa.string()),
        ("state", pa.string()),
    ]
)

OK = "ok"


@dataclass(slots=True)
class Turn:
    """One utterance of the policy and the named rewards it brought: name -> (value, source)."""

    turn: int
    finish: str
    signature: str = ""
    rewards: dict[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """One row of the table, in Python types. Lengths are in tokens."""

    policy: str
    opponent: str
    gym: str
    task_id: str
    split: str
    group_id: int
    episode_id: str
    attempt: int = 0
    sequence: int = 0
    seed: int = 0
    tokens: list[int] = field(default_factory=list)
    turn: list[int] = field(default_factory=list)
    logprobs: list[float | None] = field(default_factory=list)
    version: list[int] = field(default_factory=list)
    block: list[int] | None = None
    turns: list[Turn] = field(default_factory=list)
    advantage: list[float] | None = None
    score: float | None = None
    success: bool | None = None
    ended: str = ""
    status: str = OK
    messages: str = "[]"
    state: str = "{}"


def _turn_cell(turn: Turn) -> dict[str, Any]:
    rewards = [{"name": name, "value": value, "source": source} for name, (value, source) in turn.rewards.items()]
    return {"turn": turn.turn, "finish": turn.finish, "signature": turn.signature, "rewards": rewards}


def to_table(rows: Iterable[Row]) -> pa.Table:
    """Build a validated table from rows. Raises ValueError naming the first row that breaks an invariant."""
    cells: list[dict[str, Any]] = []
    for row in rows:
        cell = {f.name: getattr(row, f.name) for f in fields(Row)}
        cell["turns"] = [_turn_cell(turn) for turn in row.turns]
        cells.append(cell)
    table = pa.Table.from_pylist(cells, schema=SCHEMA)
    validate(table)
    return table


def from_cell(cell: dict[str, Any]) -> Row:
    """The inverse of `to_table` for one row given as `table.to_pylist()` yields it."""
    turns = [
        Turn(t["turn"], t["finish"], t["signature"], {r["name"]: (r["value"], r["source"]) for r in t["rewards"]})
        for t in cell["turns"]
    ]
    return Row(**{**cell, "turns": turns})


def validate(table: pa.Table) -> None:
    """Raise ValueError at the first row that breaks an invariant of the schema."""
    if not table.schema.equals(SCHEMA):
        raise ValueError(f"trajectory table has columns {table.schema.names}, expected {SCHEMA.names} with their types")
    for index in range(table.num_rows):
        cell = {
            name: table.column(name)[index].as_py() for name in ("tokens", "turn", "logprobs", "version", "advantage", "turns")
        }
        problem = _problem(cell)
        if problem:
            episode, policy = table.column("episode_id")[index].as_py(), table.column("policy")[index].as_py()
            raise ValueError(f"row {index} (episode {episode}, policy {policy}): {problem}")


def _problem(cell: dict[str, Any]) -> str | None:
    length = len(cell["tokens"])
    for name in ("turn", "logprobs", "version", "advantage"):
        if cell[name] is not None and len(cell[name]) != length:
            return f"{name} has {len(cell[name])} entries for {length} tokens"
    for position, (turn, logprob) in enumerate(zip(cell["turn"], cell["logprobs"], strict=True)):
        if turn < 0 and logprob is not None:
            return f"token {position} was not sampled but carries a logprob"
    present = {turn for turn in cell["turn"] if turn >= 0}
    recorded = [turn["turn"] for turn in cell["turns"]]
    if len(set(recorded)) != len(recorded):
        return f"turns {recorded} repeat"
    if not present <= set(recorded):
        return f"tokens belong to turns {sorted(present)}, recorded are {recorded}"
    return None


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """One contiguous table from several; empty input gives an empty table of the schema."""
    return pa.concat_tables(list(tables)).combine_chunks() if tables else SCHEMA.empty_table()


def split_by_gym(table: pa.Table) -> dict[str, pa.Table]:
    """The rows of each gym that is in the table, by its name in alphabetical order."""
    return {gym: table.filter(pc.equal(table["gym"], gym)) for gym in sorted(set(table["gym"].to_pylist()))}


def with_advantage(table: pa.Table, advantage: Sequence[Sequence[float]]) -> pa.Table:
    """The table with its `advantage` column replaced; one list per row, one number per token."""
    column = pa.array(advantage, type=SCHEMA.field("advantage").type)
    return table.set_column(SCHEMA.get_field_index("advantage"), SCHEMA.field("advantage"), column)


def with_advantages_of(table: pa.Table, assigned: pa.Table) -> pa.Table:
    """`table` with the advantages of `assigned`, some of its rows; the others were left out of learning and keep null."""
    keys = ("episode_id", "policy", "sequence")
    places = {key: place for place, key in enumerate(zip(*(assigned[name].to_pylist() for name in keys), strict=True))}
    rows = zip(*(table[name].to_pylist() for name in keys), strict=True)
    column = assigned["advantage"].combine_chunks().take(pa.array([places.get(row) for row in rows], pa.int64()))
    return table.set_column(SCHEMA.get_field_index("advantage"), SCHEMA.field("advantage"), column)


__all__ = [
    "OK",
    "SCHEMA",
    "Row",
    "Turn",
    "concat",
    "from_cell",
    "split_by_gym",
    "to_table",
    "validate",
    "with_advantage",
    "with_advantages_of",
]
