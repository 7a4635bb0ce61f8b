"""The `rewards:` and `judges:` sections of a run."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from rewards.endpoint_config import EndpointConfig

BACKENDS = ("rules", "vllm", "endpoint")
"""The judges that have a name; any other is `package.module:Class`."""


EstimatorName = Literal["userrl", "traj_loo", "turn_loo", "turn_padded", "turn_gae"]
SETTINGS: dict[str, tuple[EstimatorName, ...]] = {
    "kappa": ("turn_loo", "turn_gae"),
    "lam": ("turn_gae",),
    "turn": ("userrl",),
    "trajectory": ("userrl",),
    "gamma": ("userrl",),
}
"""Key of `rewards` -> the estimators that heed it."""


class TinyModel(BaseModel):
    """A model of our own, made on first use inside the run root; the value is its seed name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiny: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")


class TurnBudget(BaseModel):
    """How many turns a conversation may take on average; the turn cost follows by dual ascent, gym by gym."""

    model_config = ConfigDict(extra="forbid")

    turns: float = Field(ge=1.0)
    """What the mean number of turns is brought down to."""
    rate: PositiveFloat = 5e-4
    """Change of the cost per step and turn of difference."""
    most: PositiveFloat = 0.3
    """The cost never passes this."""


class TurnCostConfig(BaseModel):
    """What every turn after the first is charged."""

    model_config = ConfigDict(extra="forbid")

    value: NonNegativeFloat = 0.0
    """In reward; with a budget, where the cost starts. Above what a turn brings, to stop at once is the optimum."""
    gate: Literal["none", "pass_rate"] = "none"
    """pass_rate: times the share of the group's other rollouts that succeeded."""
    budget: TurnBudget | None = None

    @property
    def charges(self) -> bool:
        """Whether a turn may ever cost something."""
        return self.value > 0 or self.budget is not None

    @model_validator(mode="after")
    def _goes_together(self) -> TurnCostConfig:
        if self.budget and self.gate != "none":
            raise ValueError("gate and budget exclude each other: the cost would climb unfelt while nobody succeeds")
        if self.budget and self.value > self.budget.most:
            raise ValueError(f"value {self.value} is above budget.most, {self.budget.most}")
        return self


class RewardsConfig(BaseModel):
    """How named turn rewards become one number per turn, and which estimator turns those into advantages."""

    model_config = ConfigDict(extra="forbid")

    estimator: EstimatorName = "turn_loo"
    kappa: NonNegativeFloat = 4.0
    """turn_loo, and turn_gae in its first step: pseudo-count of the lagged per-(gym, turn) mean."""
    lam: float = Field(0.95, ge=0.0, le=1.0)
    """turn_gae: 1 is unbiased; the lower, the less noise and the more it trusts the potential. Try .97 at 16 turns."""
    turn: Literal["naive", "equalized", "r2g", "em"] = "equalized"
    """userrl: turn credit."""
    trajectory: Literal["sum", "mean", "r2g"] = "r2g"
    """userrl: trajectory score."""
    gamma: float = Field(0.8, gt=0.0, le=1.0)
    """userrl: discount per turn. No other estimator discounts."""
    weights: dict[str, float] = Field(default_factory=lambda: {"env": 1.0, "format": 0.1})
    """Named reward -> weight; a reward that is not named here is recorded and not trained on."""
    combine: Literal["sum_then_normalise", "normalise_then_sum"] = "sum_then_normalise"
    """Whether the estimator sees the weighted sum, or each named reward alone (`learner.scoring`)."""
    turn_cost: TurnCostConfig = TurnCostConfig()
    shuffle: bool = False
    """Debug: pay each rollout the return of another group's rollout. Learning must then vanish."""

    @field_validator("weights")
    @classmethod
    def _earned(cls, weights: dict[str, float]) -> dict[str, float]:
        if "turn_cost" in weights:
            raise ValueError("turn_cost is no reward of a gym: set rewards.turn_cost.value")
        return weights


class RetryPolicy(BaseModel):
    """The one retry policy: of verdicts, applied by the judge pool only, and of what a user behind an endpoint says."""

    model_config = ConfigDict(extra="forbid")

    transport: NonNegativeInt = 2
    """Further tries after a judge died or could not be reached."""
    invalid: NonNegativeInt = 1
    """Further tries after an answer that does not validate."""
    deadline_s: PositiveFloat = 30.0
    """For one answer, all tries together."""


class JudgeConfig(BaseModel):
    """One pool of judge actors."""

    model_config = ConfigDict(extra="forbid")

    backend: str = "rules"
    """`rules`, `vllm`, `endpoint`, or the `package.module:Class` of a judge of your own."""
    model: TinyModel | str | None = None
    """vllm: a model folder, or `{tiny: name}`."""
    max_context: PositiveInt = 2048
    """vllm: most tokens of prompt and verdict together."""
    max_tokens: PositiveInt = 256
    """vllm, endpoint: most tokens of a verdict; one that is cut off is invalid."""
    endpoint: EndpointConfig | None = None
    """endpoint: the server, its limits and its prices."""
    options: dict[str, Any] = Field(default_factory=dict)
    """package.module:Class: keyword arguments of its constructor."""
    actors: PositiveInt = 1
    resources: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Custom Ray resources that each actor reserves: `{judge_node: 0.1}` places it on a node that has them."""
    max_batch: PositiveInt = 32
    """Most requests in one call of the back end. An endpoint gets each alone: a slow answer holds up no other."""
    max_wait_ms: NonNegativeFloat = 20.0
    retry: RetryPolicy = RetryPolicy()

    @property
    def together(self) -> int:
        """Most requests that are sent, and answered, as one."""
        return 1 if self.backend == "endpoint" else self.max_batch

    @property
    def custom(self) -> bool:
        """Whether the back end is a class of the user's."""
        return self.backend not in BACKENDS

    @field_validator("backend")
    @classmethod
    def _known(cls, backend: str) -> str:
        module, colon, name = backend.partition(":")
        if backend in BACKENDS or (colon and name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
            return backend
        near = get_close_matches(backend, BACKENDS, n=1, cutoff=0.5)
        raise ValueError(
            f"it must be {', '.join(BACKENDS)} or package.module:Class" + (f"; the nearest is {near[0]}" if near else "")
        )

    @model_validator(mode="after")
    def _belongs_together(self) -> JudgeConfig:
        if (self.model is not None) != (self.backend == "vllm"):
            raise ValueError("backend vllm, and no other, needs a `model`: a folder, or {tiny: name}")
        if (self.endpoint is not None) != (self.backend == "endpoint"):
            raise ValueError("backend endpoint, and no other, needs an `endpoint` with base_url and model")
        if self.options and not self.custom:
            raise ValueError("`options` are the keyword arguments of a judge given as package.module:Class")
        if self.backend == "vllm" and self.max_tokens >= self.max_context:
            raise ValueError(f"max_tokens {self.max_tokens} must be below max_context {self.max_context}")
        return self
