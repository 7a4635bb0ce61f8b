"""The token columns of a trajectory table as flat numpy arrays, one view for planning and for training.

Row `i` occupies `offsets[i]:offsets[i + 1]` of every array. Reading a table from the object store copies nothing but
the columns that hold nulls. A missing logprob is NaN; a table whose `advantage` column was never filled has advantage
0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sequences:
    """Flat arrays over the N tokens of R rows."""

    offsets: NDArray[np.int64]
    """[R + 1]"""
    tokens: NDArray[np.int32]
    """[N]"""
    turn: NDArray[np.int16]
    """[N] number of the turn, -1 where the policy did not sample."""
    logprobs: NDArray[np.float32]
    """[N] of the rollout, NaN where there is none."""
    advantage: NDArray[np.float32]
    """[N]"""
    trajectory: NDArray[np.int64]
    """[R] equal numbers for the rows of one (episode, policy), counted in order of appearance."""

    @classmethod
    def of(cls, table: pa.Table) -> Sequences:
        """Read a table. Raises ValueError if the advantage column is filled in some rows only."""
        offsets, tokens = _flat(table, "tokens", np.int32)
        missing = table.column("advantage").null_count
        if missing not in (0, table.num_rows):
            raise ValueError(f"{missing} of {table.num_rows} rows have no advantage: fill all rows or none")
        advantage = np.zeros(len(tokens), np.float32) if missing else _flat(table, "advantage", np.float32)[1]
        _, turn = _flat(table, "turn", np.int16)
        _, logprobs = _flat(table, "logprobs", np.float32)
        for name, values in (("turn", turn), ("logprobs", logprobs), ("advantage", advantage)):
            if len(values) != len(tokens):
                raise ValueError(f"{name} has {len(values)} entries for {len(tokens)} tokens")
        return cls(offsets, tokens, turn, logprobs, advantage, _trajectories(table))

    @property
    def rows(self) -> int:
        return len(self.offsets) - 1

    def span(self, row: int) -> slice:
        """Where row `row` lies in the flat arrays."""
        return slice(int(self.offsets[row]), int(self.offsets[row + 1]))

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """[R] tokens per row."""
        return np.diff(self.offsets)

    def per_row(self, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
        """[R] how many tokens of each row the mask `[N]` selects."""
        running = np.concatenate([[0], np.cumsum(mask)])
        counts: NDArray[np.int64] = running[self.offsets[1:]] - running[self.offsets[:-1]]
        return counts


def _flat(table: pa.Table, name: str, dtype: type[np.generic]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):  # what an empty table or one beyond 2 GiB gives
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if column.null_count:
        raise ValueError(f"{column.null_count} rows have no {name}")
    offsets = column.offsets.to_numpy().astype(np.int64)
    values = column.flatten().to_numpy(zero_copy_only=False)
    return offsets - offsets[0], values.astype(dtype, copy=False)


def _trajectories(table: pa.Table) -> NDArray[np.int64]:
    keys = zip(table.column("episode_id").to_pylist(), table.column("policy").to_pylist(), strict=True)
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
