"""The `learner:` section of a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

Beta = Annotated[float, Field(ge=0.0, lt=1.0)]
Low = Annotated[float, Field(ge=0.0, le=1.0)]


class LearnerConfig(BaseModel):
    """Everything one DeepSpeed rank group needs to know. Sizes are in tokens unless named otherwise."""

    model_config = ConfigDict(extra="forbid")

    ranks: PositiveInt = 1
    zero_stage: Literal[0, 2] = 2
    dtype: Literal["float32"] = "float32"
    lr: NonNegativeFloat = 1.0e-6
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    warmup: float = Field(0.0, ge=0.0, lt=1.0)
    """Share of all optimizer steps spent rising from 0 to `lr`."""
    betas: tuple[Beta, Beta] = (0.9, 0.98)
    weight_decay: NonNegativeFloat = 0.01
    max_grad_norm: PositiveFloat = 1.0
    loss: Literal["grpo"] = "grpo"
    clip: tuple[Low, NonNegativeFloat] = (0.2, 0.28)
    """Lower and upper distance of the clipped ratio from 1."""
    aggregate: Literal["token", "trajectory"] = "token"
    """Loss denominator: all trained tokens of the optimizer step, or its trajectories (each a mean over its tokens)."""
    tis_cap: PositiveFloat = 2.0
    """Truncation of the importance weight pi_old / pi_rollout."""
    kl_every: NonNegativeInt = 0
    """Steps from one measurement of the KL to the start policy to the next; 0: never. A rank that measures holds a second
    copy of the weights (`learner.reference`)."""
    epochs: PositiveInt = 1
    minibatches: PositiveInt = 1
    tokens_per_micro_batch: PositiveInt = 2048
    step_timeout_s: PositiveFloat = 600.0
    start_timeout_s: PositiveFloat = 180.0
    gpus_per_rank: NonNegativeInt = 0
    resources: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Custom Ray resources that each rank reserves: `{learner_node: 0.1}` places it on a node that has them."""

    def measures_kl(self, version: int) -> bool:
        """Whether the step that weights `version` learn from measures their KL to the start policy; the first one does."""
        return self.kl_every > 0 and version % self.kl_every == 0
