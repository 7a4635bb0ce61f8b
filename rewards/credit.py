"""UserRL's turn credits and trajectory scores (arXiv 2509.19736, 3.2; formulas as in its `compute_turn_credits`).
Stable API.

What the paper's figures call "Sum" is `mean` here, for that is what its code computes. `naive` is in the paper only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, assert_never

TurnMethod = Literal["naive", "equalized", "r2g", "em"]
TrajectoryMethod = Literal["sum", "mean", "r2g"]

_EM_K = 2.0


def turn_credits(rewards: Sequence[float], method: TurnMethod, gamma: float) -> list[float]:
    """One credit per turn. `gamma` is the discount per turn and matters to `r2g` alone.

    naive: c_t = r_t; equalized: c_t = 1; r2g: c_t = r_t + gamma c_{t+1}; em: the reward in [0, 1] on a saturating curve
    from .5 to 1, rounded to 4 digits like the reference.
    """
    match method:
        case "naive":
            return list(rewards)
        case "equalized":
            return [1.0] * len(rewards)
        case "r2g":
            return rewards_to_go(rewards, gamma)
        case "em":
            return [round(0.5 + 0.5 * math.expm1(-_EM_K * r) / math.expm1(-_EM_K), 4) for r in rewards]
    assert_never(method)


def trajectory_score(rewards: Sequence[float], method: TrajectoryMethod, gamma: float) -> float:
    """One number per trajectory; 0 for one without turns.

    sum: sum_t r_t; mean: (sum_t r_t) / T, rounded to 4 digits like the reference; r2g: sum_t gamma^(t-1) r_t.
    """
    if not rewards:
        return 0.0
    match method:
        case "sum":
            return sum(rewards)
        case "mean":
            return round(sum(rewards) / len(rewards), 4)
        case "r2g":
            return rewards_to_go(rewards, gamma)[0]
    assert_never(method)


def rewards_to_go(rewards: Sequence[float], gamma: float = 1.0) -> list[float]:
    """G_t = r_t + gamma G_{t+1}, for every turn."""
    total = 0.0
    backwards = []
    for reward in reversed(rewards):
        total = reward + gamma * total
        backwards.append(total)
    return backwards[::-1]
