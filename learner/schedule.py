"""The learning rate of every optimizer step, decided before training: pure, so a resumed run computes the same."""

from __future__ import annotations

import math

from learner.config import LearnerConfig


def learning_rate(config: LearnerConfig, step: int, total: int, *, floor: float = 0.0) -> float:
    """The rate of step `step` (from 0) of `total`.

    It rises linearly over the first `warmup * total` steps and reaches `lr` at the end of them; then it stays
    (constant) or falls to `floor * lr` at step `total` (linear, cosine). Raises ValueError for a step outside the run.
    """
    if not 0 <= step < total:
        raise ValueError(f"step {step} is not one of {total}")
    warmup = round(config.warmup * total)
    if step < warmup:
        return config.lr * (step + 1) / (warmup + 1)
    done = (step - warmup) / (total - warmup)
    if config.schedule == "linear":
        return config.lr * (floor + (1.0 - floor) * (1.0 - done))
    if config.schedule == "cosine":
        return config.lr * (floor + (1.0 - floor) * 0.5 * (1.0 + math.cos(math.pi * done)))
    return config.lr
