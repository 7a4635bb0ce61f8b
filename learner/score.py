"""The logprobs of a batch's trained tokens under one model, without a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from learner.batch import Batch
from learner.packed import Packed
from learner.packing import first_fit

Model = Callable[[Packed, float], torch.Tensor]
"""(packed rows, temperature) -> `[M]` logprobs of their trained tokens."""


def score(model: Model, batch: Batch, rows: Sequence[int], temperature: float, budget: int) -> NDArray[np.float32]:
    """`[N]` logprobs of the trained tokens of `rows`, NaN elsewhere; at most `budget` tokens per pass, or one longer row."""
    scored = np.full(len(batch.sequences.tokens), np.nan, np.float32)
    lengths = batch.sequences.lengths[list(rows)].tolist()
    for chosen in first_fit(lengths, budget):
        packed, where = batch.pack([rows[index] for index in chosen])
        with torch.no_grad():
            scored[where] = model(packed, temperature).cpu().numpy()
    return scored
