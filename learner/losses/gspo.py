"""GSPO (Zheng et al., arXiv 2507.18071): one ratio for all tokens of a turn.

    s = exp(mean over the turn of log pi_theta - log pi_old)
    loss = - sum_k  u_k * w_k * A_k * bounded(s_k, A_k)

The paper's sequence is one answer to one prompt. In a conversation that is a turn, not the trajectory: a turn is what
has one advantage, so its ratio and its reward have the same unit; between turns others speak, and a mean over all turns
would let a long one hide a short one; and a turn lives in one row, so no split of the batch can touch it. With one turn
per trajectory and aggregate `trajectory` this is the paper's eq. 5.

Written as the paper's GSPO-token: every token has the turn's ratio and the gradient of its own logprob, A s grad log
pi_theta, which is the gradient through s where A is equal within the turn. Inside the bounds or outside, a turn stays
whole. w is a turn's too, min(exp(mean of log pi_old - log pi_rollout), cap):
a correction per token would bring back the noise that s averages out. The mean keeps s so close to 1 that the bounds
must be a thousandth of those of `grpo`.
"""

from __future__ import annotations

import torch

from learner.config import LearnerConfig
from learner.losses.base import LossInputs, LossOutputs
from learner.losses.surrogate import bounded, report, sampled, truncated

NEEDS_OLD = True

trained = sampled


def loss(inputs: LossInputs, config: LearnerConfig) -> LossOutputs:
    """Sum over the micro-batch. In the report, ratios and weights are those of the token's turn."""
    now = inputs.logprobs.detach()
    ratio = (_turn_mean(now - inputs.old, inputs.turn) + (inputs.logprobs - now)).exp()
    kept = bounded(ratio, inputs.advantage, config)
    drift = _turn_mean(inputs.old - inputs.rollout, inputs.turn)
    surrogate = -(inputs.weight * truncated(drift, config) * (kept * inputs.advantage)).sum()
    return LossOutputs(surrogate, *report(inputs, config, ratio, kept, drift))


def _turn_mean(values: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """`[M]` for every token the mean over its turn."""
    nothing = torch.zeros_like(values)
    total = nothing.index_add(0, turn, values)
    count = nothing.index_add(0, turn, torch.ones_like(values))
    return (total / count.clamp(min=1.0))[turn]
