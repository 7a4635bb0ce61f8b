"""What the policy losses share: the tokens they train, the bounds of a ratio, the weight of a sample, the report.

Three policies: pi_rollout sampled the tokens, pi_old is the learner at the start of the batch, pi_theta learns. The ratio
pi_theta / pi_old is exactly 1 in a batch of one update. w = min(pi_old / pi_rollout, cap), detached, corrects for a
sampler that is stale or computes in another precision (truncated importance sampling; Espeholt et al., arXiv
1802.01561, 4.1).

What is wrong between sampler and learner shows in the tails of d = log pi_old - log pi_rollout before it shows in a
mean: the report also counts the tokens with |d| above 0.1 and above 1 nat.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from learner.config import LearnerConfig
from learner.losses.base import LossInputs
from learner.sequences import Sequences


def sampled(sequences: Sequences) -> NDArray[np.bool_]:
    """`[N]` the tokens the policy sampled.

    Those with advantage 0 too: they add nothing to the numerator and count in the denominator, or else the size of a
    step would depend on how many rollouts happened to draw even.
    """
    return np.greater_equal(sequences.turn, 0)


def bounded(ratio: torch.Tensor, advantage: torch.Tensor, config: LearnerConfig) -> torch.Tensor:
    """The ratio within what the clipped objectives leave of it, for each sign of the advantage A; no gradient beyond.

    With low <= 1 <= high and c from the config,

        A >= 0:  min(rho A, clip(rho, low, high) A)             =  A min(rho, high)
        A < 0:   max(min(rho A, clip(rho, low, high) A), c A)   =  A min(max(rho, low), c)

    (PPO, arXiv 1707.06347 eq. 7; low and high apart: DAPO, arXiv 2503.14476 eq. 10; c, the dual clip: Ye et al., arXiv
    1912.09729 eq. 5.) Without c nothing bounds the ratio from above where A < 0: one token that has become likely since
    it was sampled outweighs all others.
    """
    low, high = config.ratio_bounds
    falls = advantage < 0

    def choose(negative: float, positive: float) -> torch.Tensor:
        return torch.where(falls, ratio.new_full((), negative), ratio.new_full((), positive))

    return ratio.clamp(choose(low, -torch.inf), choose(config.dual_clip or torch.inf, high))


def truncated(drift: torch.Tensor, config: LearnerConfig) -> torch.Tensor:
    """w of d = log pi_old - log pi_rollout."""
    return drift.detach().exp().clamp(max=config.tis_cap)


@torch.no_grad()
def report(
    inputs: LossInputs, config: LearnerConfig, ratio: torch.Tensor, kept: torch.Tensor, drift: torch.Tensor
) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Sums and peaks over the micro-batch: how far the three policies are apart, and what the bounds cut off.

    `ratio`, `kept` (within its bounds) and `drift` (of which w was made) are the loss's own, per token or per turn.
    """
    mismatch = inputs.old - inputs.rollout
    sums = {
        "clip_share": ((kept != ratio) & (inputs.advantage != 0)).float().sum(),
        "ratio": ratio.sum(),
        "update_kl": k3(inputs.logprobs - inputs.old).sum(),
        "mismatch_kl": k3(mismatch).sum(),
        "mismatch_over_tenth_share": (mismatch.abs() > 0.1).float().sum(),
        "mismatch_over_one_share": (mismatch.abs() > 1.0).float().sum(),
        "tis_capped_share": (drift.exp() > config.tis_cap).float().sum(),
    }
    return sums, {"ratio_max": _peak(ratio), "mismatch_max": _peak(mismatch.abs())}


def k3(log_ratio: torch.Tensor) -> torch.Tensor:
    """Its mean over samples of q estimates KL(q | p) for log_ratio = log p - log q; never negative (Schulman 2020, "k3")."""
    return log_ratio.expm1() - log_ratio  # exp(x) - 1 would drown a small divergence in rounding errors


def _peak(values: torch.Tensor) -> torch.Tensor:
    return values.max() if values.numel() else values.new_zeros(())
