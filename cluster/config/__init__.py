"""The whole configuration of a run: one pydantic model that composes the sections of all rooms.

`load` is the only way from a YAML file to a `Config`. Invariants of what it returns:
- every key was known, every value in range, and the sections agree with each other (`cluster.config.coherence`);
- every path is absolute, so that workers and jobs read the same one;
- `load` of `resolved(config)` gives an equal config.
Whatever is wrong is raised as one `UserError`, before anything is started.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from actors.config import EngineConfig, PolicyConfig, RolloutConfig, SpeakerConfig, TinyModel
from cluster.config import coherence, yaml_text
from cluster.config.complaint import complaint
from cluster.config.endpoint_requests import endpoint_requests
from cluster.config.overrides import apply
from cluster.config.sections import CheckpointConfig, EvalConfig, GuardsConfig, MonitorConfig, RunConfig
from cluster.config.sft import SFTSection
from cluster.config.teach import TeachConfig
from cluster.errors import UserError
from cluster.start import preflight
from envs import registry
from envs.base import Role
from envs.config import GymsConfig
from learner.config import LearnerConfig
from rewards.config import JudgeConfig, RewardsConfig


def _default_policies() -> dict[Role, PolicyConfig]:
    return {
        "agent": PolicyConfig(model=TinyModel(tiny="agent"), train=True),
        "user": PolicyConfig(mix=[SpeakerConfig(model=TinyModel(tiny="user"))]),
    }


class Config(BaseModel):
    """One run. The names are a contract with the users' YAML files."""

    model_config = ConfigDict(extra="forbid")

    run: RunConfig = Field(default_factory=RunConfig)
    policies: dict[Role, PolicyConfig] = Field(default_factory=_default_policies)
    gyms: GymsConfig = Field(default_factory=GymsConfig)
    sft: SFTSection | None = None
    teach: TeachConfig | None = None
    rollout: RolloutConfig = Field(default_factory=RolloutConfig)
    engine: EngineConfig = Field(default_factory=EngineConfig)
    rewards: RewardsConfig = Field(default_factory=RewardsConfig)
    judges: dict[str, JudgeConfig] = Field(default_factory=lambda: {"default": JudgeConfig()})
    learner: LearnerConfig = Field(default_factory=LearnerConfig)
    eval: EvalConfig = Field(default_factory=EvalConfig)
    checkpoint: CheckpointConfig = Field(default_factory=CheckpointConfig)
    monitor: MonitorConfig = Field(default_factory=MonitorConfig)
    guards: GuardsConfig = Field(default_factory=GuardsConfig)

    @property
    def acting(self) -> Role:
        """The role that acts in the run's gyms: its policy is trained."""
        return registry.entry(next(iter(self.gyms.train))).gym.acting

    @property
    def partner(self) -> Role:
        """The role it talks to."""
        return registry.entry(next(iter(self.gyms.train))).partner


def load(path: str | Path, overrides: Sequence[str] = (), *, elsewhere: bool = False, imitates: bool = True) -> Config:
    """The config in a YAML file, after dotted overrides such as `learner.lr=1e-4`; `elsewhere`: for another machine,
    `imitates`: whether the files to imitate must be there (`cluster.config.coherence.check`). Raises UserError."""
    return parse(yaml_text.read(Path(path)), overrides, elsewhere=elsewhere, imitates=imitates)


def parse(raw: dict[str, Any], overrides: Sequence[str] = (), *, elsewhere: bool = False, imitates: bool = True) -> Config:
    """`load` for a mapping that was read already."""
    changed = apply(raw, Config().model_dump(mode="json"), overrides)
    try:
        config = Config.model_validate(changed)
    except ValidationError as error:
        raise UserError(complaint(error, Config, changed)) from None
    coherence.check(config, elsewhere=elsewhere, imitates=imitates)
    return config


def resolved(config: Config) -> str:
    """The complete configuration as YAML, defaults included."""
    return yaml_text.dump(config.model_dump(mode="json"))


def gym_params(config: Config, gym: str) -> dict[str, Any]:
    """The constructor parameters of a gym, for imitation, training and evaluation alike."""
    return {"max_turns": config.gyms.max_turns, **config.gyms.params.get(gym, {})}


NOT_LEARNED = {"modules"}
"""What of `trained_gyms` says only where they are found."""


def trained_gyms(config: Config) -> GymsConfig:
    """The part of `gyms` that imitation and tiny models depend on: nothing of the gyms that are only evaluated."""
    gyms = config.gyms
    tasks, params = (
        {gym: options for gym, options in section.items() if gym not in gyms.transfer} for section in (gyms.tasks, gyms.params)
    )
    return gyms.model_copy(update={"transfer": {}, "tasks": tasks, "params": params})


def derived(config: Config) -> dict[str, Any]:
    """The sizes that follow from the configuration, for `--dry-run`. Tokens are upper bounds."""
    rollout, learner = config.rollout, config.learner
    episodes = rollout.groups_per_step * rollout.group_size
    stripped = config.policies[config.acting].history_thinking == "strip"
    rows = max(
        gym_params(config, gym)["max_turns"] if stripped or registry.entry(gym).gym.fresh else 1 for gym in config.gyms.train
    )
    context = rollout.max_context * rows
    parts = preflight.parts(config)
    return {
        "episodes_per_step": episodes,
        "optimizer_steps": config.run.iterations * learner.epochs * learner.minibatches,
        "most_tokens_per_step": episodes * context,
        "most_sampled_tokens_per_step": episodes * min(config.gyms.max_turns * rollout.max_turn_tokens, context),
        "most_tokens_per_micro_batch": max(learner.tokens_per_micro_batch, rollout.max_context),  # no sequence is cut
        "endpoint_requests": endpoint_requests(config),
        "cpus": {part.name: part.cpus for part in parts} | {"total": sum(part.cpus for part in parts)},
        "gpus": {part.name: part.gpus for part in parts} | {"total": sum(part.gpus for part in parts)},
        "run_directory": str(config.run.root / config.run.name),
    }


__all__ = ["Config", "derived", "load", "parse", "resolved"]
