"""One loss, one file, the same two hooks: `trained(sequences)` selects tokens, `loss(inputs, config)` sums over them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from learner.config import LearnerConfig, PolicyLoss
from learner.losses import cispo, dr_grpo, grpo, gspo, nll
from learner.losses.base import Loss, LossInputs, LossOutputs
from learner.losses.kl import penalty
from learner.sequences import Sequences

LossName = Literal[PolicyLoss, "nll"]
LOSSES: dict[LossName, Loss] = {"grpo": grpo, "dr_grpo": dr_grpo, "gspo": gspo, "cispo": cispo, "nll": nll}
assert set(LOSSES) == set(get_args(LossName))


def trained_tokens(name: LossName, sequences: Sequences) -> NDArray[np.bool_]:
    """`[N]` the tokens loss `name` trains. The first token of a row never is: nothing predicts it."""
    mask = LOSSES[name].trained(sequences).copy()
    mask[sequences.offsets[:-1][sequences.lengths > 0]] = False
    return mask


def penalised(name: LossName, config: LearnerConfig) -> bool:
    """Whether the KL penalty belongs to the loss: it is for samples of the policy, and demonstrations are none."""
    return config.kl.coef > 0 and LOSSES[name].NEEDS_OLD


def total_loss(name: LossName, inputs: LossInputs, config: LearnerConfig) -> LossOutputs:
    """Loss `name` over the micro-batch, and the KL penalty where there is an anchor. The two add up, unscaled."""
    outputs = LOSSES[name].loss(inputs, config)
    if inputs.anchor is None:
        return outputs
    pull = penalty(inputs, inputs.anchor, config)
    return LossOutputs(outputs.loss + pull.loss, outputs.sums | pull.sums, outputs.peaks)


__all__ = ["LOSSES", "Loss", "LossInputs", "LossName", "LossOutputs", "penalised", "total_loss", "trained_tokens"]
