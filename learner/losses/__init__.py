"""One loss, one file, the same two hooks: `trained(sequences)` selects tokens, `loss(inputs, config)` sums over them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from learner.losses import grpo, nll
from learner.losses.base import Loss, LossInputs, LossOutputs
from learner.sequences import Sequences

LossName = Literal["grpo", "nll"]
LOSSES: dict[LossName, Loss] = {"grpo": grpo, "nll": nll}
assert set(LOSSES) == set(get_args(LossName))


def trained_tokens(name: LossName, sequences: Sequences) -> NDArray[np.bool_]:
    """`[N]` the tokens loss `name` trains. The first token of a row never is: nothing predicts it."""
    mask = LOSSES[name].trained(sequences).copy()
    mask[sequences.offsets[:-1][sequences.lengths > 0]] = False
    return mask


__all__ = ["LOSSES", "Loss", "LossInputs", "LossName", "LossOutputs", "trained_tokens"]
