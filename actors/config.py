"""The `policies:`, `rollout:` and `engine:` sections of a run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from envs.adversarial import Name as Adversarial
from rewards.config import RetryPolicy
from rewards.config import TinyModel as TinyModel  # of policies and judges alike
from rewards.endpoint_config import EndpointConfig as EndpointConfig


class SpeakerConfig(BaseModel):
    """One way to play a role: exactly one of `model` (a frozen policy in an engine actor) and `speaker`. `adversarial:KIND` is
    the gym's scripted speaker, disturbed."""

    model_config = ConfigDict(extra="forbid")

    model: TinyModel | str | None = None
    speaker: Literal["scripted", "constant", "endpoint", Adversarial] | None = None
    text: str = "OK."
    """What the constant speaker says."""
    endpoint: EndpointConfig | None = None
    """endpoint: the server, its limits and its prices."""
    retry: RetryPolicy = RetryPolicy()
    """endpoint: when a call fails. What still fails then masks the episode."""
    weight: PositiveFloat = 1.0

    @model_validator(mode="after")
    def _one_way(self) -> SpeakerConfig:
        if (self.model is None) == (self.speaker is None):
            raise ValueError("give exactly one of `model` and `speaker`")
        if (self.endpoint is not None) != (self.speaker == "endpoint"):
            raise ValueError("speaker endpoint, and no other, needs an `endpoint` with base_url and model")
        return self


class PolicyConfig(BaseModel):
    """Who plays a role: a policy of its own (`model`), a `speaker` without one, or a weighted `mix` of both."""

    model_config = ConfigDict(extra="forbid")

    model: TinyModel | str | None = None
    train: bool = False
    wire: Literal["bracket", "hermes"] = "bracket"
    history_thinking: Literal["keep", "strip"] = "keep"
    speaker: Literal["scripted", "constant", Adversarial] | None = None
    mix: list[SpeakerConfig] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _one_way(self) -> PolicyConfig:
        if sum(way is not None for way in (self.model, self.speaker, self.mix)) != 1:
            raise ValueError("give exactly one of `model`, `speaker` and `mix`")
        if self.train and self.model is None:
            raise ValueError("a trained policy needs a `model`")
        return self


class RolloutConfig(BaseModel):
    """Sizes of one training step: `groups_per_step` tasks with `group_size` episodes each."""

    model_config = ConfigDict(extra="forbid")

    workers: PositiveInt = 1
    resources: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Custom Ray resources that each worker reserves: `{rollout_node: 0.1}` places it on a node that has them."""
    group_size: int = Field(8, ge=2)
    groups_per_step: PositiveInt = 16
    concurrency: PositiveInt = 64
    """Most conversations of one worker at a time."""
    max_turn_tokens: PositiveInt = 64
    max_context: PositiveInt = 1024
    temperature: PositiveFloat = 1.0
    max_staleness: NonNegativeInt = 0
    """Most learner steps between the oldest token of a group and the step that learns from it. 0: rollouts wait for the
    learner; from 1 on they go on while it steps, and conversations under way take new weights between two tokens."""


class EngineConfig(BaseModel):
    """One vLLM engine; every worker and every engine actor owns one."""

    model_config = ConfigDict(extra="forbid")

    dtype: Literal["float32", "bfloat16"] = "float32"
    tensor_parallel: PositiveInt = 1
    gpus: NonNegativeFloat = 0
    kv_cache_mib: int = Field(128, ge=16)
    user_actors: PositiveInt = 1
    """Engine actors per frozen model."""
    resources: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Custom Ray resources that each of these engine actors reserves; a worker's engine is placed by `rollout.resources`."""
    call_timeout_s: PositiveFloat = 120.0
    """Deadline of one `generate` call."""
    coalesce_ms: NonNegativeFloat = 0.0
    """A worker gathers requests to an engine actor this long and sends them in one call, answered when its longest is.
    0 sends each alone: right for all but tiny models, whose replies cost less than a call."""
