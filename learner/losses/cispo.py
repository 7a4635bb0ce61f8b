"""CISPO (MiniMax-M1, arXiv 2506.13585): the ratio is a weight that is cut, not a term that is clipped away.

    loss = - sum_k  u_k * w_k * A_k * clip(rho_k, low, high) * log pi_theta(k)        with the ratio detached

No token ever loses its gradient: rare ones, which one update moves far, are the first that `grpo` silences. At rho = 1
the gradient is that of `grpo`. low = 0, the default, leaves small ratios alone, as in the paper.
"""

from __future__ import annotations

from learner.config import LearnerConfig
from learner.losses.base import LossInputs, LossOutputs
from learner.losses.surrogate import report, sampled, truncated

NEEDS_OLD = True

trained = sampled


def loss(inputs: LossInputs, config: LearnerConfig) -> LossOutputs:
    """Sum over the micro-batch. `clip_share` counts the weights that were cut."""
    ratio = (inputs.logprobs - inputs.old).detach().exp()
    kept = ratio.clamp(*config.ratio_bounds)
    drift = inputs.old - inputs.rollout
    surrogate = -(inputs.weight * truncated(drift, config) * kept * (inputs.advantage * inputs.logprobs)).sum()
    return LossOutputs(surrogate, *report(inputs, config, ratio, kept, drift))
