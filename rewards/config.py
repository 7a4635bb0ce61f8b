"""The `rewards:` and `judges:` sections of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt


class RewardsConfig(BaseModel):
    """How named turn rewards become one number per turn, and which estimator turns those into advantages."""

    model_config = ConfigDict(extra="forbid")

    estimator: Literal["userrl", "traj_loo", "turn_loo"] = "turn_loo"
    kappa: NonNegativeFloat = 4.0
    """turn_loo: pseudo-count of the lagged per-(gym, turn) mean."""
    turn: Literal["naive", "equalized", "r2g", "em"] = "equalized"
    """userrl: turn credit."""
    trajectory: Literal["sum", "mean", "r2g"] = "r2g"
    """userrl: trajectory score."""
    gamma: float = Field(0.8, gt=0.0, le=1.0)
    """userrl: discount per turn. The `*_loo` estimators do not discount."""
    weights: dict[str, float] = Field(default_factory=lambda: {"env": 1.0, "format": 0.1})
    """Named reward -> weight; a reward that is not named here is recorded and not trained on."""
    turn_cost: NonNegativeFloat = 0.0
    """Subtracted from every turn after the first."""
    shuffle: bool = False
    """Debug: pay each rollout the return of another group's rollout. Learning must then vanish."""


class RetryPolicy(BaseModel):
    """The one retry policy of verdicts; applied by the judge pool only."""

    model_config = ConfigDict(extra="forbid")

    transport: NonNegativeInt = 2
    """Further tries after a judge died or could not be reached."""
    invalid: NonNegativeInt = 1
    """Further tries after a verdict that does not validate."""
    deadline_s: PositiveFloat = 30.0
    """For one verdict, all tries together."""


class JudgeConfig(BaseModel):
    """One pool of judge actors."""

    model_config = ConfigDict(extra="forbid")

    backend: Literal["rules"] = "rules"
    actors: PositiveInt = 1
    max_batch: PositiveInt = 32
    max_wait_ms: NonNegativeFloat = 20.0
    retry: RetryPolicy = RetryPolicy()
