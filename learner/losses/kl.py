"""The penalty for leaving another policy, per trained token, added to a policy loss.

    penalty = coef * sum_k  u_k * w_k * estimate(rho_k, x_k)

    k1   rho x
    k2   sg(rho) x^2 / 2
    k3   rho (exp(-x) - 1 + x)

x = log pi_theta - log pi_anchor, rho = pi_theta / pi_old, sg: without gradient; u and w as in the losses. Tokens were
sampled by pi_old (w makes up for pi_rollout), so rho turns a mean over samples into one over pi_theta. Wanted is the
gradient of KL(pi_theta | pi_anchor) at every state that was met, E[x grad log pi_theta]. What each kind is worth,
everywhere and not only at pi_old, checked by enumeration in the tests:

    kind   value, expected   gradient per token               gradient, expected
    k1     the KL            rho (x + 1) grad log pi_theta    the KL's; the 1 is noise with mean 0
    k2     not the KL        rho x grad log pi_theta          the KL's
    k3     the KL            rho x grad log pi_theta          the KL's

The gradient of rho is what makes k1 and k3 right. As bare losses (Schulman 2020 proposes them as values) neither is: the
gradient of x alone has mean 0 and pulls nowhere, that of exp(-x) - 1 + x has the mean of the gradient of
KL(pi_anchor | pi_theta), the other direction, and grows without bound where pi_theta << pi_anchor. The corrected k3 is
that of DeepSeek-V3.2 (arXiv 2512.02556, 3.1). For k2 it is the other way round: the bare gradient is right, and that of
rho would add the gradient of another quantity.
"""

from __future__ import annotations

from typing import Literal

import torch

from learner.config import LearnerConfig
from learner.losses.base import LossInputs, LossOutputs
from learner.losses.surrogate import k3, truncated


def penalty(inputs: LossInputs, anchor: torch.Tensor, config: LearnerConfig) -> LossOutputs:
    """Sum over the micro-batch; `kl_penalty` is the estimate itself, before coefficient and denominator."""
    ratio = (inputs.logprobs - inputs.old).exp()
    weight = truncated(inputs.old - inputs.rollout, config)
    estimates = weight * _estimate(config.kl.kind, ratio, inputs.logprobs - anchor)
    return LossOutputs(config.kl.coef * (inputs.weight * estimates).sum(), {"kl_penalty": estimates.detach().sum()})


def _estimate(kind: Literal["k1", "k2", "k3"], ratio: torch.Tensor, log_ratio: torch.Tensor) -> torch.Tensor:
    """`[M]` estimates of KL(pi_theta | pi_anchor) from samples of pi_old."""
    if kind == "k1":
        return ratio * log_ratio
    if kind == "k2":
        return ratio.detach() * log_ratio.square() / 2
    return ratio * k3(-log_ratio)
