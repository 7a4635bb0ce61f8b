"""What goes into a loss and what comes out. M is the number of trained tokens in one micro-batch.

Masks are final before a loss sees its inputs: every entry counts, with its weight. A loss returns sums, never means;
the one division, by the update's global denominator, is the rank's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from learner.config import LearnerConfig
from learner.sequences import Sequences


@dataclass(frozen=True, slots=True)
class LossInputs:
    """All `[M]`, one entry per trained token; float32 but for `turn`."""

    logprobs: torch.Tensor
    """log pi_theta at the sampling temperature; the only one that carries a gradient."""
    old: torch.Tensor
    """The learner's logprobs at the start of the batch; equal to `logprobs` in its first update."""
    rollout: torch.Tensor
    """The sampler's logprobs; NaN for tokens nobody sampled (demonstrations)."""
    advantage: torch.Tensor
    weight: torch.Tensor
    """Share of the token in the loss, from the plan."""
    turn: torch.Tensor
    """int64 in [0, M): equal for the tokens of one turn, which lives in one row and so in one micro-batch."""
    anchor: torch.Tensor | None = None
    """log of the policy that the KL penalty pulls towards; None: no penalty."""


@dataclass(frozen=True, slots=True)
class LossOutputs:
    """`loss` is the weighted sum with its graph; `sums` and `peaks` are detached scalars that add up, or are maximised, over
    micro-batches and ranks. A name in `sums` is reported as a mean over trained tokens."""

    loss: torch.Tensor
    sums: dict[str, torch.Tensor] = field(default_factory=dict)
    peaks: dict[str, torch.Tensor] = field(default_factory=dict)


class Loss(Protocol):
    """A module of this package."""

    NEEDS_OLD: bool
    """Whether the loss reads `old`, which costs a pass over the batch when it is more than one update."""

    def trained(self, sequences: Sequences) -> NDArray[np.bool_]: ...

    def loss(self, inputs: LossInputs, config: LearnerConfig) -> LossOutputs: ...
