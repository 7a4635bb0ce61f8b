"""Metrics of one update: added over micro-batches, then over ranks, then divided by the number of trained tokens.

Every rank must add at least one micro-batch, a filler if need be, so that all ranks know the same names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.distributed as dist

from learner.losses import LossOutputs

NOTHING: Mapping[str, torch.Tensor] = {}


class Tally:
    """Sums and peaks of one update. Float64 on the device of the losses; nothing is synchronised before `reduce`."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._peak_names: list[str] = []
        self._sums = torch.zeros(0)
        self._peaks = torch.zeros(0)

    def add(
        self, outputs: LossOutputs, entropy: torch.Tensor, more: Mapping[str, torch.Tensor] = NOTHING, *, filler: bool
    ) -> None:
        """Count one micro-batch: the loss's sums and peaks, the entropies `[M]`, and `more` sums over the M tokens.

        A filler adds zeros, for its rows are counted where they are real.
        """
        sums = {"loss": outputs.loss.detach(), "tokens": entropy.new_tensor(len(entropy)), "entropy": entropy.sum()}
        sums |= {**outputs.sums, **more}
        values = torch.stack([value.double() for value in sums.values()])
        peaks = torch.stack([value.double() for value in outputs.peaks.values()]) if outputs.peaks else values[:0]
        if not self._names:
            self._names, self._peak_names = list(sums), list(outputs.peaks)
            self._sums, self._peaks = torch.zeros_like(values), peaks.clone()
        if not filler:
            self._sums += values
        self._peaks = torch.maximum(self._peaks, peaks)

    def reduce(self, denominator: float) -> dict[str, float]:
        """The metrics of the update over all ranks: `loss` over the denominator, `tokens`, the others per trained token."""
        if dist.is_initialized() and dist.get_world_size() > 1:
            dist.all_reduce(self._sums, dist.ReduceOp.SUM)
            if self._peak_names:
                dist.all_reduce(self._peaks, dist.ReduceOp.MAX)
        sums = dict(zip(self._names, self._sums.tolist(), strict=True))
        loss, tokens = sums.pop("loss"), sums.pop("tokens")
        means = {name: value / max(tokens, 1.0) for name, value in sums.items()}
        peaks = dict(zip(self._peak_names, self._peaks.tolist(), strict=True))
        return {"loss": loss / denominator, "tokens": tokens, **means, **peaks}
