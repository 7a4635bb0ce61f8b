"""The clipped policy gradient.

    loss = - sum_k  u_k * w_k * A_k * bounded(rho_k, A_k)

rho = pi_theta / pi_old token by token; `bounded`, w and the tokens that are trained are those of
`learner.losses.surrogate`; u is the plan's weight.
"""

from __future__ import annotations

from learner.config import LearnerConfig
from learner.losses.base import LossInputs, LossOutputs
from learner.losses.surrogate import bounded, report, sampled, truncated

NEEDS_OLD = True

trained = sampled


def loss(inputs: LossInputs, config: LearnerConfig) -> LossOutputs:
    """Sum over the micro-batch."""
    ratio = (inputs.logprobs - inputs.old).exp()
    kept = bounded(ratio, inputs.advantage, config)
    drift = inputs.old - inputs.rollout
    surrogate = -(inputs.weight * truncated(drift, config) * (kept * inputs.advantage)).sum()
    return LossOutputs(surrogate, *report(inputs, config, ratio, kept, drift))
