"""The sections of a run that belong to no other room: `run`, `eval`, `checkpoint`, `monitor`, `guards`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from actors.config import SpeakerConfig
from envs.adversarial import Name as Adversarial

HOME = "PARLEY_HOME"
"""Environment variable: where runs are kept that name no root."""
IN_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Environment variable: Ray's job server sets it for the driver of a job, and nobody else does."""


def _default_root(value: Any = None) -> Any:
    return value if value is not None else Path(os.environ.get(HOME) or "runs")


def _absolute(path: Path) -> Path:
    # Workers have other working directories than the driver, so a relative root must not reach them. The driver's own is
    # thrown away after a Ray job: there it stays relative, and `cluster.config.coherence` refuses it.
    return path.expanduser() if IN_JOB in os.environ else path.expanduser().absolute()


Root = Annotated[Path, BeforeValidator(_default_root), AfterValidator(_absolute)]


class RunConfig(BaseModel):
    """What a run is called, where it is kept and how long it goes on."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("quickstart", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """The name of its folder under `root`."""
    root: Root = Field(default_factory=_default_root, validate_default=True)
    """null means $PARLEY_HOME or ./runs; always absolute once loaded, and refused in a Ray job if it is not from the start."""
    seed: NonNegativeInt = 0
    iterations: PositiveInt = 40
    stall_timeout_s: PositiveFloat = 300.0
    """A run that makes no progress for this long ends with an error that names what is stuck."""
    silence_timeout_s: PositiveFloat = 60.0
    """An actor that does not answer a ping for this long is named and ended; it is started again, or the run goes back to
    its last checkpoint."""
    max_restores: NonNegativeInt = 3
    """How often in a row, without a new checkpoint, a run goes back to its last one because a learner rank was lost."""


UserName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
OWN_USERS = ("training", "constant")
"""The users that every evaluation may meet: who plays it in training, and one that always says the same."""


class EvalConfig(BaseModel):
    """Evaluation on held-out tasks: before, after, and every so many iterations (0: not in between)."""

    model_config = ConfigDict(extra="forbid")

    every: NonNegativeInt = 0
    tasks: PositiveInt = 200
    """Of each gym."""
    greedy: bool = True
    """Also evaluate greedily."""
    temperature: PositiveFloat = 1.0
    """Of the sampled evaluation."""
    user: Literal["scripted", Adversarial] | None = None
    """Who plays the user in evaluations, for example adversarial:vague; null: whoever plays it in training."""
    constant_user: bool = True
    """Also evaluate the trained agent against a user that always says the same."""
    baselines: bool = True
    """Also play the context-free baselines on the same tasks."""
    repeats: PositiveInt = 1
    """`parley eval`: episodes of each task; pass^k is told for every k up to this."""
    users: dict[UserName, SpeakerConfig] = Field(default_factory=dict)
    """`parley eval`: further users that the agent meets, by a name of yours: the columns of the transfer matrix."""
    agent: SpeakerConfig | None = None
    """`parley eval CONFIG endpoint`: the agent behind an endpoint, given as a user is."""
    judges: str | None = None
    """`parley eval`: which pool of `judges` decides; null: `default`, which decides in training."""

    @field_validator("users")
    @classmethod
    def _other_names(cls, users: dict[str, SpeakerConfig]) -> dict[str, SpeakerConfig]:
        for name in OWN_USERS:
            if name in users:
                raise ValueError(f"{name} is the name of a user that is there already: choose another")
        return users

    @model_validator(mode="after")
    def _an_endpoint(self) -> EvalConfig:
        if self.agent is not None and self.agent.endpoint is None:
            raise ValueError("agent is for `parley eval CONFIG endpoint`: give it {speaker: endpoint, endpoint: {...}}")
        return self


class CheckpointConfig(BaseModel):
    """Every so many iterations (0: only at the end), keeping the last few."""

    model_config = ConfigDict(extra="forbid")

    every: NonNegativeInt = 10
    keep: PositiveInt = 2


class MonitorConfig(BaseModel):
    """Weights & Biases. `offline` writes into the run directory and needs no network."""

    model_config = ConfigDict(extra="forbid")

    wandb: Literal["offline", "online", "disabled"] = "offline"
    conversations_per_step: NonNegativeInt = 4


GuardName = Literal[
    "mismatch_kl",
    "mismatch_tail",
    "entropy_floor",
    "entropy_drop",
    "kl_to_start",
    "length_drift",
    "zero_weight_groups",
    "grad_norm",
    "grad_norm_jump",
    "judge_errors",
    "masked_episodes",
    "premature_stops",
]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Factor = Annotated[float, Field(gt=1.0)]


class GuardsConfig(BaseModel):
    """The limits beyond which a run raises an alarm (`docs/metrics.md`); null switches a guard off."""

    model_config = ConfigDict(extra="forbid")

    mismatch_kl: PositiveFloat | None = 0.02
    """Nats per token between rollout engine and learner. Healthy is below 1e-5 in float32 and about 1e-3 in bfloat16."""
    mismatch_tail: Share | None = 0.005
    """Share of tokens on which the two are more than a nat apart."""
    entropy_floor: PositiveFloat | None = 0.001
    """Lowest entropy, nats per token."""
    entropy_drop: Share | None = 0.1
    """Lowest entropy as a share of that of the first iterations."""
    kl_to_start: PositiveFloat | None = 0.5
    """Nats per token from the start policy, where `learner.kl_every` measures it."""
    length_drift: Factor | None = 3.0
    """Sampled tokens per episode against those of the first iterations: the factor allowed, either way."""
    zero_weight_groups: Share | None = 0.9
    """Share of groups without any advantage."""
    grad_norm: PositiveFloat | None = None
    """Norm of the gradient before clipping. It depends on the model, hence null."""
    grad_norm_jump: Factor | None = 10.0
    """Norm of the gradient over its median of the last iterations."""
    judge_errors: Share | None = 0.05
    """Share of verdicts that failed for good."""
    masked_episodes: Share | None = 0.1
    """Share of episodes that failed and are left out."""
    premature_stops: Share | None = 0.8
    """Lowest success and lowest number of turns as shares of those of the last iterations; an alarm if both are below."""
    baseline_iterations: PositiveInt = 5
    """How many iterations there must be before one is compared with them."""
    abort: list[GuardName] = Field(default_factory=list)
    """The guards that end the run; the others only raise the alarm."""

    @field_validator("abort")
    @classmethod
    def _has_limits(cls, names: list[GuardName], info: ValidationInfo) -> list[GuardName]:
        for name in names:
            if info.data.get(name, name) is None:
                raise ValueError(f"the guard {name} is null, so it would never end the run")
        return names
