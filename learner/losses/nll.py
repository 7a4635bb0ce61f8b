"""Weighted negative log-likelihood for demonstrations:  loss = - sum_k  u_k * a_k * log pi(token_k).

The `advantage` column is the weight a of each token: 1 on words to imitate, less (0.2 in the tiny recipe) on the rest
of the conversation, 0 on what must not be learned. Tokens of weight 0 are neither computed nor counted in the
denominator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learner.config import LearnerConfig
from learner.losses.base import LossInputs, LossOutputs
from learner.sequences import Sequences

NEEDS_OLD = False


def trained(sequences: Sequences) -> NDArray[np.bool_]:
    """`[N]` the tokens that carry a weight."""
    return np.not_equal(sequences.advantage, 0)


def loss(inputs: LossInputs, config: LearnerConfig) -> LossOutputs:
    """Sum over the micro-batch; `nll` is the plain, unweighted sum."""
    weighted = -(inputs.weight * inputs.advantage * inputs.logprobs).sum()
    return LossOutputs(weighted, {"nll": -inputs.logprobs.detach().sum()})
