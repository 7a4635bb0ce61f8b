"""The folder of an evaluation, and what of it is played already.

    identity.json      what the numbers depend on
    parts/             finished episodes as they came, until all are there
    episodes.parquet   all trajectories, in the order of the plan
    evaluation.json, evaluation.md, evaluation.html

Invariants
- Whole files appear at once. A part is written a second after the last one, or after a hundredth of the time so far: a process
  that is killed loses no more than that.
- An episode is in the outcome once; one that was played again, because it had failed, replaces what it was.
- One process at a time has the folder (`cluster.record.claimed_folder`).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.evaluation.orders import Key, Order
from cluster.record.claimed_folder import claimed
from cluster.record.whole_file import replace_file, replace_text
from rewards.trajectory import OK, SCHEMA

ADDED = pa.schema(
    [("agent", pa.string()), ("user", pa.string()), ("how", pa.string()), ("tasks", pa.string()), ("repeat", pa.int32())]
)
"""The columns of an evaluation, before those of a trajectory table."""
COLUMNS = pa.unify_schemas([ADDED, SCHEMA])
KEY = ["agent", "user", "how", "gym", "task_id", "repeat"]
FIRST_PAUSE_S, SHARE = 1.0, 0.01


class Store:
    """Names and writes the files; used through `opened`."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.episodes = folder / "episodes.parquet"
        self._parts = folder / "parts"
        self._now = now
        self._began = self._flushed = now()
        self._waiting: list[pa.Table] = []

    def add(self, order: Order, table: pa.Table) -> None:
        """Take in a finished episode; it is on disk with the next flush."""
        rows = table.num_rows
        own: list[Any] = [order.agent, order.user, order.how, order.tasks, order.repeat]
        columns = [pa.array([value] * rows, ADDED.field(place).type) for place, value in enumerate(own)]
        number = order.request.group_id
        known = {"group_id": number, "episode_id": f"{number}.{order.repeat}"}
        columns += [
            pa.array([known[name]] * rows, SCHEMA.field(name).type) if name in known else table[name] for name in SCHEMA.names
        ]
        self._waiting.append(pa.table(columns, schema=COLUMNS))

    def flush(self, *, now: bool = False) -> None:
        """Write what waits, if it is time to, or `now`."""
        time_s = self._now()
        if not self._waiting or (not now and time_s - self._flushed < max(FIRST_PAUSE_S, SHARE * (time_s - self._began))):
            return
        self._parts.mkdir(exist_ok=True)
        newest = max((int(path.stem) for path in self._parts.glob("[0-9]*.parquet")), default=0)
        _write(self._parts / f"{newest + 1:06d}.parquet", pa.concat_tables(self._waiting))
        self._waiting, self._flushed = [], time_s

    def done(self) -> set[Key]:
        """The episodes that are there and did not fail."""
        found: set[Key] = set()
        for path in self._files():
            rows = pq.read_table(path, columns=[*KEY, "status"]).to_pylist()
            found |= {tuple(row[name] for name in KEY) for row in rows if row["status"] == OK}
        return found

    def read(self, wanted: Sequence[Order]) -> pa.Table:
        """The episodes of a plan, in its order; of one that was played twice what did not fail, else the last.

        Raises ValueError if one is missing.
        """
        tables = [pq.read_table(path, schema=COLUMNS) for path in self._files()]
        whole = pa.concat_tables(tables) if tables else COLUMNS.empty_table()
        place: dict[tuple[Any, ...], tuple[bool, int, list[int]]] = {}
        source = [number for number, table in enumerate(tables) for _ in range(table.num_rows)]
        keys = zip(*(whole[name].to_pylist() for name in KEY), strict=True)
        for row, (key, status, of) in enumerate(zip(keys, whole["status"].to_pylist(), source, strict=True)):
            rank = (status == OK, of)
            if key not in place or rank > place[key][:2]:
                place[key] = (*rank, [row])
            elif rank == place[key][:2]:
                place[key][2].append(row)
        if absent := [order.key for order in wanted if order.key not in place]:
            raise ValueError(f"{len(absent)} episodes are missing, the first one: {absent[0]}")
        rows = [row for order in wanted for row in place[order.key][2]]
        return whole.take(pa.array(rows, pa.int64())).combine_chunks()

    def finish(self, episodes: pa.Table) -> None:
        """Keep all episodes in one file; the parts are not needed any more."""
        _write(self.episodes, episodes)
        if self._parts.exists():
            shutil.rmtree(self._parts)

    def write(self, name: str, text: str) -> Path:
        """One of the outputs for people and programs."""
        path = self.folder / name
        replace_text(path, text)
        return path

    def write_table(self, name: str, table: pa.Table) -> None:
        """The same as a table."""
        _write(self.folder / name, table)

    def _files(self) -> list[Path]:
        return [*([self.episodes] if self.episodes.exists() else []), *sorted(self._parts.glob("[0-9]*.parquet"))]


@contextmanager
def opened(folder: Path, identity: Mapping[str, Any], *, resume: bool, what: str = "an evaluation") -> Iterator[Store]:
    """The folder of an evaluation, this process's alone. Raises UserError; what came in is on disk when it is left."""
    with claimed(folder, identity, what=what, resume=resume):
        store = Store(folder)
        try:
            yield store
        finally:
            store.flush(now=True)


def _write(path: Path, table: pa.Table) -> None:
    replace_file(path, lambda aside: pq.write_table(table, aside, compression="zstd"))
