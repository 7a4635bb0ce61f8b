"""The `learner:` section of a run."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

Beta = Annotated[float, Field(ge=0.0, lt=1.0)]
Low = Annotated[float, Field(ge=0.0, le=1.0)]
PolicyLoss = Literal["grpo", "dr_grpo", "gspo", "cispo"]
Aggregate = Literal["token", "trajectory", "constant"]
START = "start"
"""`kl.to`: the policy as it was when training began."""

_CLIP: dict[PolicyLoss, tuple[float, float]] = {
    "grpo": (0.2, 0.28),
    "dr_grpo": (0.2, 0.2),
    "gspo": (3e-4, 4e-4),  # the mean over a turn moves far less than a single token
    "cispo": (1.0, 4.0),  # bounds a weight, cuts no gradient off: nothing below, five times above
}
_AGGREGATE: dict[PolicyLoss, Aggregate] = {"grpo": "token", "dr_grpo": "constant", "gspo": "trajectory", "cispo": "token"}


class KLConfig(BaseModel):
    """The penalty for leaving another policy (`learner.losses.kl`); none while `coef` is 0."""

    model_config = ConfigDict(extra="forbid")

    coef: NonNegativeFloat = 0.0
    """Factor of the penalty, per trained token and under the loss's own denominator."""
    kind: Literal["k1", "k2", "k3"] = "k3"
    """The estimate of the KL. All three pull the same way; k1 is the noisiest."""
    to: str = START
    """`start`, or the folder of a model with the same vocabulary. Each rank holds that model frozen (`learner.reference`)."""


class LoraConfig(BaseModel):
    """Low-rank adapters (arXiv 2106.09685): each chosen weight W becomes W + alpha / rank * B A; A and B alone are learned."""

    model_config = ConfigDict(extra="forbid")

    rank: PositiveInt = 16
    alpha: PositiveFloat = 32.0
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
    loss: PolicyLoss = "grpo"
    clip: tuple[Low, NonNegativeFloat] | None = None
    """Lower and upper distance of the bounded ratio from 1; null: what suits the loss (`ratio_bounds`)."""
    dual_clip: Annotated[float, Field(gt=1.0)] | None = None
    """grpo, dr_grpo, gspo: largest ratio that counts where the advantage is negative; null: any."""
    aggregate: Aggregate | None = None
    """Loss denominator: all trained tokens of the optimizer step; its trajectories, each a mean over its tokens; or its
    trajectories times `constant_tokens`. null: what belongs to the loss (`denominator`)."""
    constant_tokens: PositiveInt = 1024
    """aggregate constant: tokens that a trajectory counts as, however long it is."""
    tis_cap: PositiveFloat = 2.0
    """Truncation of the importance weight pi_old / pi_rollout."""
    kl: KLConfig = Field(default_factory=KLConfig)
    kl_every: NonNegativeInt = 0
    """Steps from one measurement of the KL to the start policy to the next; 0: never. A rank that measures holds a second
    copy of the weights (`learner.reference`), unless they lie under adapters."""
    epochs: PositiveInt = 1
    minibatches: PositiveInt = 1
    tokens_per_micro_batch: PositiveInt = 2048
    """What rows share at their beginning counts once; a row that is longer gets a micro-batch of its own."""
    step_timeout_s: PositiveFloat = 600.0
    start_timeout_s: PositiveFloat = 180.0
    gpus_per_rank: NonNegativeInt = 0
    resources: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Custom Ray resources that each rank reserves: `{learner_node: 0.1}` places it on a node that has them."""

    @property
    def ratio_bounds(self) -> tuple[float, float]:
        """Lowest and highest ratio that the loss lets through."""
        low, high = self.clip or _CLIP[self.loss]
        return 1.0 - low, 1.0 + high

    @property
    def denominator(self) -> Aggregate:
        return self.aggregate or _AGGREGATE[self.loss]

    @property
    def pulls_to_start(self) -> bool:
        """Whether every step is penalised for leaving the start policy, and so measures how far it has gone."""
        return self.kl.coef > 0 and self.kl.to == START

    def measures_kl(self, version: int) -> bool:
        """Whether the step that weights `version` learn from measures their KL to the start policy; the first one does."""
        return self.pulls_to_start or (self.kl_every > 0 and version % self.kl_every == 0)
