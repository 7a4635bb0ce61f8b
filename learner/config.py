"""The `learner:` section of a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

Beta = Annotated[float, Field(ge=0.0, lt=1.0)]
Low = Annotated[float, Field(ge=0.0, le=1.0)]


class LoraConfig(BaseModel):
    """Low-rank adapters (arXiv 2106.09685): each chosen weight W becomes W + alpha / rank * B A; A and B alone are learned."""

    model_config = ConfigDict(extra="forbid")

    rank: PositiveInt = 16
    alpha: PositiveInt = 32
    targets: list[str] | Literal["all-linear"] = "all-linear"
    """Names of linear layers, such as q_proj; by default all but the output."""


class LearnerConfig(BaseModel):
    """Everything one DeepSpeed rank group needs to know. Sizes are in tokens unless named otherwise."""

    model_config = ConfigDict(extra="forbid")

    ranks: PositiveInt = 1
    zero_stage: Literal[0, 1, 2, 3] = 2
    """What is divided over the ranks: nothing, the optimizer's state, gradients too, weights too."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the weights in forward and backward. The optimizer's are float32, and so is what gradients are added up in."""
    offload: Literal["none", "optimizer", "all"] = "none"
    """What waits in the CPU's memory: nothing, the optimizer's state, or the weights between their uses too (ZeRO-3)."""
    gradient_checkpointing: bool = False
    """Keep the input of each layer only and compute the rest again in the backward pass."""
    lora: LoraConfig | None = None
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
