"""Which weights of an imitation are the best so far, and whether it is time to stop: pure, kept in checkpoints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Best:
    """Fed with every held-out loss, in order of steps."""

    step: int = -1
    """Of the lowest loss; -1: none measured yet."""
    loss: float = float("inf")
    since: int = 0
    """Measurements since then."""

    def observe(self, step: int, loss: float) -> bool:
        """Whether `loss` is the lowest so far; of equal ones the first is."""
        if loss < self.loss:
            self.step, self.loss, self.since = step, loss, 0
            return True
        self.since += 1
        return False

    def exhausted(self, patience: int | None) -> bool:
        """Whether there were `patience` measurements in a row that were no better."""
        return patience is not None and self.since >= patience
