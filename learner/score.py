"""The logprobs of a batch's trained tokens under one model, without a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray

from learner.batch import Batch
from learner.packed import Packed
from learner.packing import pack_rows

Model = Callable[[Packed, float], torch.Tensor]
"""(packed rows, temperature) -> `[M]` logprobs of their trained tokens."""


def score(model: Model, batch: Batch, rows: Sequence[int], temperature: float, budget: int) -> NDArray[np.float32]:
    """`[N]` logprobs of the trained tokens of `rows`, NaN elsewhere; at most `budget` tokens per pass, or one longer row.

    Collective: under ZeRO-3 a pass gathers weights from all ranks, so all do as many, if need be on a row of no interest.
    """
    scored = np.full(len(batch.sequences.tokens), np.nan, np.float32)
    passes = [[rows[index] for index in chosen] for chosen in pack_rows(batch.sequences, rows, budget)]
    idle = min(passes, key=len, default=[int(batch.sequences.lengths.argmax())])
    for number in range(_most(len(passes))):
        packed, where = batch.pack(passes[number] if number < len(passes) else idle)
        with torch.no_grad():
            logprobs = model(packed, temperature)
        if number < len(passes):
            scored[where] = logprobs.cpu().numpy()
    return scored


def _most(count: int) -> int:
    """The largest of all ranks' counts."""
    if not dist.is_initialized() or dist.get_world_size() == 1:
        return count
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    largest = torch.tensor([count], device=device)
    dist.all_reduce(largest, dist.ReduceOp.MAX)
    return int(largest)
