"""The `sft:` section of a run: imitation before reinforcement, policy by policy."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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

from envs.base import Role
from learner.config import Beta


class SourceConfig(BaseModel):
    """Where conversations come from: exactly one of `gym`, whose scripts play them, and `file`."""

    model_config = ConfigDict(extra="forbid")

    gym: str | None = None
    file: Path | None = None
    """`.jsonl` or `.parquet`, in OpenAI's or ShareGPT's form (`docs/imitation.md`); absolute once loaded."""
    weight: PositiveFloat = 1.0
    """Share of the trained tokens of every epoch, relative to the other sources'."""
    episodes: PositiveInt | None = None
    """gym: how many are played, null for the section's `episodes`. file: the first so many, null for all."""
    recaps: NonNegativeInt | None = None
    """gym: null for the section's."""
    demonstrator: dict[str, float] | None = None
    """gym: null for the section's."""
    imitate: Literal["assistant", "user"] = "assistant"
    """file: whose words are the policy's own. With `user` the two change places, and what only the assistant reads (system
    messages, tools) is left out."""
    system: str | None = None
    """file: the system message of every conversation, in place of the file's own."""

    @model_validator(mode="after")
    def _one_place(self) -> SourceConfig:
        if (self.gym is None) == (self.file is None):
            raise ValueError("give exactly one of `gym` and `file`")
        of_the_other = ("imitate", "system") if self.gym is not None else ("recaps", "demonstrator")
        for name in of_the_other:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"`{name}` says nothing about a {'gym' if self.gym is not None else 'file'}")
        return self


class SpeakerWeights(BaseModel):
    """Weight of a token in the loss by who says it. `assistant` is the policy itself, the others are what it reads."""

    model_config = ConfigDict(extra="forbid")

    assistant: NonNegativeFloat = 1.0
    user: NonNegativeFloat = 0.2
    system: NonNegativeFloat = 0.2
    tool: NonNegativeFloat = 0.2

    @model_validator(mode="after")
    def _something(self) -> SpeakerWeights:
        if not any((self.assistant, self.user, self.system, self.tool)):
            raise ValueError("one of them must be above 0")
        return self


class HeldoutConfig(BaseModel):
    """Conversations that are not trained on: exactly one of `share` and `conversations`, filled with whole tasks."""

    model_config = ConfigDict(extra="forbid")

    share: float | None = Field(None, gt=0.0, lt=1.0)
    """Of the conversations of every source."""
    conversations: PositiveInt | None = None
    """So many, from the sources in proportion."""
    every: PositiveInt = 200
    """Optimizer steps from one measurement of their loss to the next; also before the first step and after the last."""
    keep: Literal["best", "last"] = "best"
    """Which weights are the result: those with the lowest held-out loss, or the last."""
    patience: PositiveInt | None = None
    """Stop after so many measurements in a row without a new lowest loss; null: never."""

    @model_validator(mode="after")
    def _one_size(self) -> HeldoutConfig:
        if (self.share is None) == (self.conversations is None):
            raise ValueError("give exactly one of `share` and `conversations`")
        return self


class SFTConfig(BaseModel):
    """Imitation before training, for one policy."""

    model_config = ConfigDict(extra="forbid")

    sources: list[SourceConfig] | None = Field(None, min_length=1)
    """null: the scripted conversations of the run's gyms, each once per epoch. Given: a mixture by `weight`; an epoch has as
    many trained tokens as all sources together."""
    episodes: PositiveInt = 4000
    """Scripted conversations per gym."""
    recaps: NonNegativeInt = 0
    """Further drills of the closing turn alone."""
    demonstrator: dict[str, float] = Field(default_factory=dict)
    """The noise of the scripted speakers that are imitated, by keyword argument: each gym's takes those it knows."""
    weights: SpeakerWeights = Field(default_factory=SpeakerWeights)
    heldout: HeldoutConfig | None = None
    max_tokens: PositiveInt | None = None
    """Longest conversation, rendered; null: what the model holds."""
    too_long: Literal["error", "drop"] = "error"
    """Longer ones end the imitation, or are left out and listed in `sft.jsonl`. None is ever cut."""
    epochs: PositiveInt = 3
    lr: NonNegativeFloat = 4.0e-3
    schedule: Literal["constant", "cosine", "linear"] = "cosine"
    warmup: NonNegativeFloat = 0.1
    """Optimizer steps spent rising from 0 to `lr`: below 1 a share of all steps, from 1 on their number."""
    min_lr: float = Field(0.0, ge=0.0, le=1.0)
    """What cosine and linear fall to, as a share of `lr`."""
    tokens_per_step: PositiveInt = 512
    """Size of one optimizer step, about; small steps teach tiny models more than large ones."""
    tokens_per_micro_batch: PositiveInt | None = None
    """Most tokens of one forward pass; null: twice `tokens_per_step`, which holds nearly every step whole."""
    ranks: PositiveInt = 1
    """At most `learner.ranks`; from 2 on with `learner.zero_stage`, and so on one rank under `learner.dtype: bfloat16` or
    `learner.offload`; else one rank shards nothing."""
    weight_decay: NonNegativeFloat = 0.0
    betas: tuple[Beta, Beta] = (0.9, 0.98)
    max_grad_norm: PositiveFloat = 1.0
    log_every: PositiveInt = 100
    """Optimizer steps per row of `sft.jsonl`, which has others at `heldout.every` and `checkpoint_every`, and per call of the
    learner: they must fit into `learner.step_timeout_s`."""
    checkpoint_every: NonNegativeInt = 1000
    """Optimizer steps from one checkpoint to the next; 0: none but at an interruption."""

    @field_validator("warmup")
    @classmethod
    def _counts(cls, warmup: float) -> float:
        if warmup > 1 and warmup != int(warmup):
            raise ValueError("from 1 on it must be a whole number of steps")
        return warmup


class SFTSection(BaseModel):
    """Which policies are trained by imitation first."""

    model_config = ConfigDict(extra="forbid")

    agent: SFTConfig | None = None
    user: SFTConfig | None = None

    def of(self, role: Role) -> SFTConfig | None:
        """A role's section."""
        return self.agent if role == "agent" else self.user
