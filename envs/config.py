"""The `gyms:` section of a run: which gyms are trained on, evaluated on, and with which parameters."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt


class TransferConfig(BaseModel):
    """A gym that is never trained on, only evaluated before and after."""

    model_config = ConfigDict(extra="forbid")

    tasks: PositiveInt | None = None
    """How many held-out tasks; null: as many as `eval.tasks`."""


class GymsConfig(BaseModel):
    """Weights are relative sampling frequencies of tasks."""

    model_config = ConfigDict(extra="forbid")

    modules: list[str] = Field(default_factory=list)
    """Modules of your own that register gyms, e.g. `[my_gym]`: installed, or below the folder that the run is started from."""
    train: dict[str, PositiveFloat] = Field(default_factory=lambda: {"IntentionGym": 1.0}, min_length=1)
    transfer: dict[str, TransferConfig] = Field(default_factory=dict)
    """Unseen gyms: neither their tasks nor their words reach imitation, a tiny model's tokenizer or training."""
    max_turns: PositiveInt = 16
    tasks: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Options of a gym's task loader, e.g. `{IntentionGym: {source: all}}`."""
    params: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Constructor parameters by gym, for training and evaluation alike."""
