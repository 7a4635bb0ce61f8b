"""What scoring reports of each gym, and of the turns that were paid nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from learner.scoring import Scored
from rewards.config import RewardsConfig


def gym_metrics(scored: Mapping[str, Scored], config: RewardsConfig) -> dict[str, float]:
    """Names end in the gym's, except for what is told of all gyms together."""
    metrics: dict[str, float] = {}
    for gym, found in scored.items():
        if found.scales:
            metrics |= {f"scale/{gym}/{name}": scale for name, scale in found.scales.items()}
        else:
            metrics[f"scale/{gym}"] = found.scale
        if config.turn_cost.charges:
            metrics[f"turn_cost/{gym}"] = found.turn_cost
            metrics[f"turn_cost_share/{gym}"] = found.turn_share
    return metrics | productivity([rise for found in scored.values() for rise in found.rises or ()])


def productivity(rises: Sequence[float]) -> dict[str, float]:
    """By sign, of turns that were paid nothing: did they bring the end nearer? Nothing where no such turn is known."""
    if not rises:
        return {}
    up, down = [rise for rise in rises if rise > 0], [rise for rise in rises if rise <= 0]
    return {
        "productive_share": len(up) / len(rises),
        **({"productive_rise": fmean(up)} if up else {}),
        **({"unproductive_rise": fmean(down)} if down else {}),
    }
