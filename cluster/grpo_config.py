"""How RLlib is told of a run: its `AlgorithmConfig`, wrapped around the one pydantic configuration that everything reads.

RLlib insists on an env runner, spaces and an RLModule; what it gets here are names without a life.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import gymnasium
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner

from cluster import config as parley_config
from cluster.config import Config
from cluster.jobs.runtime import connect
from cluster.learner_group import RankGroups
from cluster.record.run_directory import RunDirectory
from cluster.start.parts import Models

TEXT = gymnasium.spaces.Text(max_length=1 << 20, min_length=0)


class NoEnvRunner(EnvRunner):  # type: ignore[misc]  # RLlib is not typed
    """RLlib insists on an env runner; rollouts are the business of our own workers."""

    def get_spaces(self) -> dict[str, Any]:
        return dict.fromkeys((INPUT_ENV_SPACES, INPUT_ENV_SINGLE_SPACES, DEFAULT_MODULE_ID), (TEXT, TEXT))

    def assert_healthy(self) -> None:
        return

    def sample(self, **_: Any) -> list[Any]:
        raise RuntimeError("rollouts are played by actors.worker.RolloutWorker")

    def get_state(self, components: Any = None, **_: Any) -> dict[str, Any]:
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        return

    def get_metrics(self) -> dict[str, Any]:
        return {}


class GRPOConfig(AlgorithmConfig):  # type: ignore[misc]
    """`GRPOConfig.from_yaml(path).build_algo().train()`."""

    def __init__(self, algo_class: type[Algorithm] | None = None) -> None:
        super().__init__(algo_class=algo_class or _algorithm())
        self.parley = Config()
        self.directory: RunDirectory | None = None
        self.models: Models | None = None
        self.began: float | None = None
        self.env_runners(
            env_runner_cls=NoEnvRunner,
            num_env_runners=0,
            create_local_env_runner=True,
            add_default_connectors_to_env_to_module_pipeline=False,
            add_default_connectors_to_module_to_env_pipeline=False,
        )
        self.environment(observation_space=TEXT, action_space=TEXT)
        self.debugging(log_level="ERROR")
        self._dont_auto_sync_env_runner_states = True

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Sequence[str] = ()) -> Self:
        """A config from a YAML file and dotted overrides. Raises UserError."""
        return cls().run(parley_config.load(path, overrides))

    def run(
        self,
        config: Config,
        *,
        directory: RunDirectory | None = None,
        models: Models | None = None,
        began: float | None = None,
    ) -> Self:
        """Use a resolved configuration; with its folder, if it is claimed and made already, and its models, if they are
        prepared, and when that began."""
        self.parley, self.directory, self.models, self.began = config, directory, models, began
        return self

    def build_algo(self, *arguments: Any, **options: Any) -> Algorithm:
        """The algorithm, in the Ray cluster of this process, of RAY_ADDRESS, or a private one. Raises UserError."""
        connect(self.parley)
        return super().build_algo(*arguments, **options)

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        return RLModuleSpec(module_class=TorchRLModule)  # asked for by RLlib, never built

    def build_learner_group(self, **_: Any) -> RankGroups:
        return RankGroups(self)


def _algorithm() -> type[Algorithm]:
    from cluster.algorithm import GRPO  # which imports this file

    return GRPO
