"""The clipped policy gradient with truncated importance sampling.

    loss = - sum_k  u_k * w_k * min(rho_k A_k, clip(rho_k, 1 - low, 1 + high) A_k)

rho = pi_theta / pi_old (PPO, arXiv 1707.06347 eq. 7; asymmetric clip: DAPO, arXiv 2503.14476 eq. 10); w = min(pi_old /
pi_rollout, cap), detached, corrects for a sampler that is stale or computes in another precision (truncated importance
sampling; Espeholt et al., arXiv 1802.01561, 4.1); u is the plan's weight. pi_old is the learner at the start of the
batch, so rho is exactly 1 in a batch of one update.

What is wrong between sampler and learner shows in the tails of d = log pi_old - log pi_rollout before it shows in a
mean: the loss also counts the tokens with |d| above 0.1 and above 1 nat.

Trained are all sampled tokens. Those with advantage 0 too: they add nothing to the numerator and count in the
denominator, or else the size of a step would depend on how many rollouts happened to draw even.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from learner.config import LearnerConfig
from learner.losses.base import LossInputs, LossOutputs
from learner.sequences import Sequences

NEEDS_OLD = True


def trained(sequences: Sequences) -> NDArray[np.bool_]:
    """`[N]` the tokens the policy sampled."""
    return np.greater_equal(sequences.turn, 0)


def loss(inputs: LossInputs, config: LearnerConfig) -> LossOutputs:
    """Sum over the micro-batch, and how far the three policies are apart: rollout, old, current."""
    low, high = config.clip
    ratio = (inputs.logprobs - inputs.old).exp()
    clipped = ratio.clamp(1.0 - low, 1.0 + high)
    drift = (inputs.old - inputs.rollout).detach()
    importance = drift.exp().clamp(max=config.tis_cap)
    surrogate = torch.minimum(ratio * inputs.advantage, clipped * inputs.advantage)
    with torch.no_grad():
        step = ratio.detach()
        sums = {
            "clip_share": (clipped * inputs.advantage < step * inputs.advantage).float().sum(),
            "ratio": step.sum(),
            "update_kl": k3(inputs.logprobs.detach() - inputs.old).sum(),
            "mismatch_kl": k3(drift).sum(),
            "mismatch_over_tenth_share": (drift.abs() > 0.1).float().sum(),
            "mismatch_over_one_share": (drift.abs() > 1.0).float().sum(),
            "tis_capped_share": (drift.exp() > config.tis_cap).float().sum(),
        }
        peaks = {"ratio_max": _peak(step), "mismatch_max": _peak(drift.abs())}
    return LossOutputs(-(inputs.weight * importance * surrogate).sum(), sums, peaks)


def k3(log_ratio: torch.Tensor) -> torch.Tensor:
    """Its mean over samples of q estimates KL(q | p) for log_ratio = log p - log q; never negative (Schulman 2020, "k3")."""
    return log_ratio.expm1() - log_ratio  # exp(x) - 1 would drown a small divergence in rounding errors


def _peak(values: torch.Tensor) -> torch.Tensor:
    return values.max() if values.numel() else values.new_zeros(())
