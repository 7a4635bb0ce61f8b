"""The rows of one call to the learner and, per token, what the loss needs besides the model's answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from learner.losses import LossInputs, LossName, trained_tokens
from learner.packed import Packed, pack
from learner.plan import MicroBatch
from learner.sequences import Sequences


class Batch:
    """A table as tensors, on demand. The rank fills `old` `[N]` where the plan has later updates, and `anchor` `[N]` where
    there is a KL penalty."""

    def __init__(self, table: pa.Table, loss: LossName, device: torch.device) -> None:
        self.sequences = Sequences.of(table)
        self.trained = trained_tokens(loss, self.sequences)
        self.old: NDArray[np.float32] | None = None
        self.anchor: NDArray[np.float32] | None = None
        self._device = device

    def pack(self, rows: Sequence[int]) -> tuple[Packed, NDArray[np.int64]]:
        """Rows side by side, on the device; and the flat positions `[M]` of their trained tokens."""
        packed, where = pack(self.sequences, rows, self.trained)
        return packed.to(self._device), where

    def loss_inputs(self, micro: MicroBatch, where: NDArray[np.int64], logprobs: torch.Tensor, *, first: bool) -> LossInputs:
        """Join the model's `logprobs` `[M]` with the columns. In the first update pi_old is the current policy."""
        row = np.searchsorted(self.sequences.offsets, where, side="right") - 1
        of_row = dict(zip(micro.rows, micro.weights, strict=True))
        weight = np.array([of_row[number] for number in row.tolist()], np.float32)
        old = logprobs.detach() if first or self.old is None else self._tensor(self.old[where])
        return LossInputs(
            logprobs=logprobs,
            old=old,
            rollout=self._tensor(self.sequences.logprobs[where]),
            advantage=self._tensor(self.sequences.advantage[where]),
            weight=self._tensor(weight),
            turn=self._tensor(_turns(row, self.sequences.turn[where])),
            anchor=None if self.anchor is None else self._tensor(self.anchor[where]),
        )

    def _tensor(self, values: NDArray[Any]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)


def _turns(row: NDArray[np.int64], turn: NDArray[np.int16]) -> NDArray[np.int64]:
    """`[M]` the number of each token's turn within the micro-batch: equal turn numbers in different rows are apart."""
    number: NDArray[np.int64] = np.unique(row << 16 | turn.astype(np.uint16), return_inverse=True)[1]
    return number
