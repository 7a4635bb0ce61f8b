"""The sections of a run that belong to no other room: `run`, `sft`, `eval`, `checkpoint`, `monitor`."""

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
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from learner.config import Beta


def _default_root(value: Any = None) -> Any:
    return value if value is not None else Path(os.environ.get("PARLEY_HOME") or "runs")


def _absolute(path: Path) -> Path:
    # Workers and jobs have other working directories than the driver, so a relative root must not reach them.
    return path.expanduser().absolute()


Root = Annotated[Path, BeforeValidator(_default_root), AfterValidator(_absolute)]


class RunConfig(BaseModel):
    """What a run is called, where it is kept and how long it goes on."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("quickstart", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    """The name of its folder under `root`."""
    root: Root = Field(default_factory=_default_root, validate_default=True)
    """null means $PARLEY_HOME or ./runs; always absolute once loaded."""
    seed: NonNegativeInt = 0
    iterations: PositiveInt = 40
    stall_timeout_s: PositiveFloat = 300.0
    """A run that makes no progress for this long ends with an error that names what is stuck."""


class SFTConfig(BaseModel):
    """Imitation of scripted conversations before training, for one policy."""

    model_config = ConfigDict(extra="forbid")

    episodes: PositiveInt = 4000
    recaps: NonNegativeInt = 0
    """Further drills of the closing turn alone."""
    epochs: PositiveInt = 3
    lr: NonNegativeFloat = 4.0e-3
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    warmup: float = Field(0.1, ge=0.0, lt=1.0)
    """Share of all optimizer steps spent rising from 0 to `lr`."""
    tokens_per_step: PositiveInt = 512
    """Size of one optimizer step, about; small steps teach tiny models more than large ones."""
    context_weight: NonNegativeFloat = 0.2
    """Weight of the tokens the policy only reads, next to 1 for those it is to say."""
    weight_decay: NonNegativeFloat = 0.0
    betas: tuple[Beta, Beta] = (0.9, 0.98)
    max_grad_norm: PositiveFloat = 1.0
    demonstrator: dict[str, float] = Field(default_factory=dict)
    """The noise of the scripted speaker that is imitated, by its keyword arguments."""


class SFTSection(BaseModel):
    """Which policies are trained by imitation first."""

    model_config = ConfigDict(extra="forbid")

    agent: SFTConfig | None = None
    user: SFTConfig | None = None


class EvalConfig(BaseModel):
    """Evaluation on held-out tasks: before, after, and every so many iterations (0: not in between)."""

    model_config = ConfigDict(extra="forbid")

    every: NonNegativeInt = 0
    tasks: PositiveInt = 200
    greedy: bool = True
    """Also evaluate greedily."""
    temperature: PositiveFloat = 1.0
    """Of the sampled evaluation."""
    constant_user: bool = True
    """Also evaluate the trained agent against a user that always says the same."""
    baselines: bool = True
    """Also play the context-free baselines on the same tasks."""


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
