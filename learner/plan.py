"""The plan of one call to the learner: which rows each rank sees, in which micro-batches, before which optimizer step.

Pure, made by the driver once per batch. Invariants, tested as properties
- In every epoch each row with a trained token is in exactly one micro-batch of weight > 0.
- All sequences of one trajectory are in the same update.
- In an update every rank has the same number of micro-batches: ZeRO-2 aborts otherwise. Missing ones are real
  micro-batches again, with weight 0.
- A micro-batch holds at most `tokens_per_micro_batch` tokens, what its rows share counted once, or one row that is longer.
- The denominator belongs to the update and counts over all ranks, so no split changes the gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from learner.config import LearnerConfig
from learner.losses import LossName, trained_tokens
from learner.packing import pack_rows, spread
from learner.sequences import Sequences


@dataclass(frozen=True, slots=True)
class MicroBatch:
    """Rows of the table that share one forward pass, and what one trained token of each row weighs (0: filler)."""

    rows: tuple[int, ...]
    weights: tuple[float, ...]

    def filler(self) -> MicroBatch:
        return MicroBatch(self.rows, (0.0,) * len(self.rows))


@dataclass(frozen=True, slots=True)
class Update:
    """One optimizer step: its learning rate, the global loss denominator and `micro_batches[rank]`."""

    lr: float
    denominator: float
    micro_batches: tuple[tuple[MicroBatch, ...], ...]


def plan(
    table: pa.Table,
    config: LearnerConfig,
    *,
    ranks: int,
    minibatches: int,
    epochs: int,
    lrs: Sequence[float],
    seed: int,
    loss: LossName | None = None,
    orders: Sequence[NDArray[np.int64]] | None = None,
) -> list[Update]:
    """Cut `table` into `epochs * minibatches` updates; each epoch shuffles the trajectories anew, from `seed`.

    `orders` says instead, per epoch, which trajectories it takes and in which order: places among those with a trained
    token, as the table has them; one may be left out or come several times. `lrs` holds one learning rate per update.
    Trajectories without a trained token are left out; with fewer trajectories than minibatches the surplus updates are
    left out, with their learning rates. `loss` is the config's unless given. Raises ValueError when `lrs` has the wrong
    length.
    """
    if len(lrs) != epochs * minibatches:
        raise ValueError(f"{len(lrs)} learning rates for {epochs} epochs of {minibatches} minibatches")
    sequences = Sequences.of(table)
    trained = sequences.per_row(trained_tokens(loss or config.loss, sequences))
    rng = np.random.default_rng(seed)
    rows_of = _rows_of_trajectories(sequences, trained)
    updates = []
    for number, lr in enumerate(lrs):
        part = number % minibatches
        if part == 0:
            order = rng.permutation(len(rows_of)) if orders is None else orders[number // minibatches]
            parts = np.array_split(order, minibatches)
        if len(parts[part]):
            rows = np.concatenate([rows_of[trajectory] for trajectory in parts[part]])
            updates.append(_update(rows, sequences, trained, config, ranks, lr))
    return updates


def _rows_of_trajectories(sequences: Sequences, trained: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows with a trained token, one array per trajectory."""
    rows = np.flatnonzero(trained)
    rows = rows[np.argsort(sequences.trajectory[rows], kind="stable")]
    borders = np.flatnonzero(np.diff(sequences.trajectory[rows])) + 1
    return np.split(rows, borders) if len(rows) else []


def _update(
    rows: NDArray[np.int64],
    sequences: Sequences,
    trained: NDArray[np.int64],
    config: LearnerConfig,
    ranks: int,
    lr: float,
) -> Update:
    weights, denominator = _aggregate(rows, sequences, trained, config)
    lengths = sequences.lengths[rows].tolist()
    bins = pack_rows(sequences, rows.tolist(), config.tokens_per_micro_batch)
    per_rank = -(-len(bins) // ranks)
    bins = spread(bins, lengths, per_rank * ranks)
    batches = [MicroBatch(tuple(rows[b].tolist()), tuple(weights[b].tolist())) for b in bins]
    lightest = min(batches, key=lambda micro: sequences.lengths[list(micro.rows)].sum())
    batches += [lightest.filler()] * (per_rank * ranks - len(batches))
    return Update(lr, denominator, tuple(tuple(batches[rank::ranks]) for rank in range(ranks)))


def _aggregate(
    rows: NDArray[np.int64], sequences: Sequences, trained: NDArray[np.int64], config: LearnerConfig
) -> tuple[NDArray[np.float64], float]:
    """The weight of one trained token of each row, and what the weighted sum over all of them is divided by."""
    if config.denominator == "token":
        return np.ones(len(rows)), float(trained[rows].sum())
    _, number = np.unique(sequences.trajectory[rows], return_inverse=True)
    tokens = np.bincount(number, weights=trained[rows])
    if config.denominator == "constant":
        return np.ones(len(rows)), float(len(tokens) * config.constant_tokens)
    return 1.0 / tokens[number], float(len(tokens))
