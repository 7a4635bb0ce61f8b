"""Trajectories from one process to another through Ray's object store: a table against pickled Python rows.

`put` copies into the store, `get` maps or rebuilds in the other process, `use` brings all token ids and logprobs into one
array each, which is what the learner does first and what a table has been spared until then.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import ray
from ray.experimental import get_local_object_locations

from rewards.trajectory import Row, Turn, concat, to_table
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting

COMPARES = (
    "One step's trajectories from a process to another through Ray's object store: as a `pa.Table` against the same rows as "
    "Python lists of dicts."
)
STAGES = ("put", "get", "use")
SAY, HEAR = 10, 30
"""Tokens that the policy samples and reads per turn."""


@dataclass(frozen=True, slots=True)
class Size:
    """(rows, tokens per row), and how often each."""

    steps: tuple[tuple[int, int], ...]
    repeats: int


FULL = Size(steps=((128, 300), (1024, 2000)), repeats=5)
SMALLEST = Size(steps=((4, 100),), repeats=1)


class Reader:
    """The process that receives."""

    def read(self, references: list[Any]) -> tuple[float, float, float]:
        """Seconds to get and to use, and a sum that tells whether all arrived."""
        began = time.perf_counter()
        step = ray.get(references[0])
        got = time.perf_counter()
        tokens, logprobs = _of_table(step) if isinstance(step, pa.Table) else _of_rows(step)
        used = time.perf_counter()
        return got - began, used - got, float(tokens.sum() + np.nansum(logprobs))


def measure(setting: Setting, size: Size) -> Outcome:
    """Both forms in turns, at every size."""
    reader = ray.remote(Reader).options(num_cpus=0.25).remote()
    outcome = Outcome(COMPARES, {"rows x tokens": [f"{rows} x {tokens}" for rows, tokens in size.steps]})
    for rows, tokens in size.steps:
        table = step_table(rows, tokens)
        forms: dict[str, Any] = {"table": table, "rows": table.to_pylist()}
        ray.get(reader.read.remote([ray.put(table)]))  # imports
        found: dict[str, list[tuple[float, ...]]] = {form: [] for form in forms}
        for _ in range(size.repeats):
            for form, value in forms.items():
                found[form].append(_send(reader, value))
        _report(outcome, f"{rows} x {tokens}", found)
    ray.kill(reader)
    return outcome


def _report(outcome: Outcome, name: str, found: dict[str, list[tuple[float, ...]]]) -> None:
    for place, stage in enumerate(STAGES):
        for form, repeats in found.items():
            outcome.add(f"{name}, {form}: {stage}", "ms", [1000 * repeat[place] for repeat in repeats])
    for form, repeats in found.items():
        outcome.add(f"{name}, {form}: size", "MB", [repeat[-1] / 1e6 for repeat in repeats[:1]])
    whole = {form: [sum(repeat[:-1]) for repeat in repeats] for form, repeats in found.items()}
    outcome.ratio(f"{name}: rows / table, put to use", whole["rows"], whole["table"])


def _send(reader: Any, step: Any) -> tuple[float, ...]:
    began = time.perf_counter()
    reference = ray.put(step)
    put = time.perf_counter() - began
    get, use, checksum = ray.get(reader.read.remote([reference]))
    assert checksum > 0
    return put, get, use, float(get_local_object_locations([reference])[reference]["object_size"])


def _of_table(table: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    columns = (pc.list_flatten(table[name]).combine_chunks() for name in ("tokens", "logprobs"))
    tokens, logprobs = (column.to_numpy(zero_copy_only=False) for column in columns)
    return tokens, logprobs


def _of_rows(rows: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    tokens = np.array([token for row in rows for token in row["tokens"]], np.int32)
    return tokens, np.array([np.nan if p is None else p for row in rows for p in row["logprobs"]], np.float32)


def step_table(rows: int, tokens: int) -> pa.Table:
    """Rows as a step has them: turns of some sampled and more heard tokens, rewards by name, words for people."""
    distinct = min(rows, 128)
    table = to_table(_row(number, tokens) for number in range(distinct))
    return concat([table] * (rows // distinct))


def _row(number: int, length: int) -> Row:
    rng = random.Random(number)
    row = Row("agent", "user", "IntentionGym", f"task-{number}", "train", number // 8, f"{number // 8}.{number % 8}")
    for turn in range(length // (SAY + HEAR)):
        row.turns.append(Turn(turn, "stop", "1-1-1", {"env": (rng.random(), "rules@1"), "format": (0.0, "rule")}))
        row.turn += [-1] * HEAR + [turn] * SAY
        row.logprobs += [None] * HEAR + [-rng.random() for _ in range(SAY)]
    rest = length - len(row.turn)
    row.turn, row.logprobs = row.turn + [-1] * rest, row.logprobs + [None] * rest
    row.tokens = [rng.randrange(1, 100_000) for _ in range(length)]
    row.version = [0 if turn >= 0 else -1 for turn in row.turn]
    row.score, row.success, row.ended, row.messages = rng.random(), False, "terminated", "word " * (length // 2)
    return row
