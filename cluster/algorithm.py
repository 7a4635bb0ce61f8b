"""GRPO as an RLlib `Algorithm`: the main loop of a run. RLlib gives configuration, checkpoints, callbacks and Tune.

`training_step` is the whole system in ten lines: collect groups, assign credit, learn, publish, record.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import gymnasium
import pyarrow as pa
import ray
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.core import COMPONENT_LEARNER_GROUP, DEFAULT_MODULE_ID
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.core.rl_module.torch import TorchRLModule
from ray.rllib.env import INPUT_ENV_SINGLE_SPACES, INPUT_ENV_SPACES
from ray.rllib.env.env_runner import EnvRunner
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME

from actors.rollout import GroupRequest
from actors.speaker import derived_seed
from cluster import config as parley_config
from cluster.collector import Broken, Collector
from cluster.config import Config
from cluster.heldout import play_heldout
from cluster.learner_group import RankGroups
from cluster.metrics import learner_scalars, rollout_scalars
from cluster.parts import Models, Parts
from cluster.preflight import RANK_CPUS
from cluster.prepare import prepare
from cluster.recorder import Recorder
from cluster.runtime import connect
from cluster.stream import Stream
from cluster.tasks import TaskSource
from learner.assignment import CreditState, assign
from learner.plan import plan
from learner.rank_group import RankGroup
from learner.schedule import learning_rate
from rewards.trajectory import concat

POLICY = "agent"
"""The policy this version trains."""
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
        super().__init__(algo_class=algo_class or GRPO)
        self.parley = Config()
        self.overwrite = False
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

    def run(self, config: Config, *, overwrite: bool = False, models: Models | None = None, began: float | None = None) -> Self:
        """Use a resolved configuration, with its models if they are prepared already, and when that began."""
        self.parley, self.overwrite, self.models, self.began = config, overwrite, models, began
        return self

    def build_algo(self, *arguments: Any, **options: Any) -> Algorithm:
        """The algorithm, in the Ray cluster of this process, of RAY_ADDRESS, or a private one. Raises UserError."""
        connect(self.parley)
        return super().build_algo(*arguments, **options)

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        return RLModuleSpec(module_class=TorchRLModule)  # asked for by RLlib, never built

    def build_learner_group(self, **_: Any) -> RankGroups:
        return RankGroups(self)


class GRPO(Algorithm):  # type: ignore[misc]
    """Group-relative policy optimisation of a conversational agent against simulated users."""

    learner_group: RankGroups
    exit_code = 0
    """What W&B is told when the algorithm stops; whoever sees it fail sets 1."""

    @classmethod
    def get_default_config(cls) -> GRPOConfig:
        return GRPOConfig()

    def setup(self, config: GRPOConfig) -> None:
        super().setup(config)
        self.parley = config.parley
        try:
            self._start(config)
        except BaseException:
            self.exit_code = 1
            self.cleanup()
            raise

    def _start(self, config: GRPOConfig) -> None:
        self.recorder = Recorder(self.parley, overwrite=config.overwrite, began=config.began)
        self.models = config.models or prepare(self.parley, lambda *_: None)
        ranks = RankGroup(POLICY, str(self.models.agent), self.parley.learner, seed=self.parley.run.seed, cpus=RANK_CPUS)
        with ThreadPoolExecutor(max_workers=1) as pool:  # learner and engines take seconds each to start
            starting = pool.submit(self.learner_group.start, {POLICY: ranks})
            self.parts = Parts(self.parley, self.models)
            starting.result()
        self.collector = Collector(self.parts.workers, self.parley.run.stall_timeout_s)
        self.stream = self._new_stream()
        self.tasks = TaskSource(self.parley.gyms.train, self.parley.run.seed, self.parley.gyms.tasks)
        self.credit = CreditState()
        self.published: list[ray.ObjectRef] = []
        """The current weights, unless they are still those the engines started with."""

    def _new_stream(self) -> Stream:
        rollout = self.parley.rollout
        return Stream(rollout.groups_per_step, rollout.max_staleness, record=self.recorder.ledger.record)

    @property
    def version(self) -> int:
        """How many steps the policy has learned."""
        return self.learner_group.versions[POLICY]

    def training_step(self) -> None:
        seconds: dict[str, float] = {}
        with _timed(seconds, "rollout"):
            groups = self.collector.step(self.stream, self.version, self._request)
        with _timed(seconds, "credit"):
            batch, credit = assign(
                groups, POLICY, self.parley.rewards, self.credit, derived_seed(self.parley.run.seed, self.version)
            )
        with _timed(seconds, "learn"):
            learned = self._learn(batch)
        with _timed(seconds, "publish"):
            self._publish()
        self._record(concat(groups), credit, learned, seconds)

    def _request(self, group_id: int, attempt: int) -> GroupRequest:
        """What a training group plays: its task and seeds depend on the run's seed and its id alone."""
        size, seed = self.parley.rollout.group_size, self.parley.run.seed
        seeds = tuple(derived_seed(seed, "train", group_id, member) for member in range(size))
        task, temperature = self.tasks.task(group_id), self.parley.rollout.temperature
        return GroupRequest(task, group_id, attempt, seeds, temperature, weights=self._weights())

    def _weights(self) -> dict[str, tuple[int, list[Any]]]:
        return {POLICY: (self.version, self.published)}

    def _learn(self, batch: pa.Table) -> list[dict[str, float]]:
        config = self.parley.learner
        per_step = config.epochs * config.minibatches
        total = self.parley.run.iterations * per_step
        first = min(self.version, self.parley.run.iterations - 1) * per_step  # trained on past the plan: keep the last rate
        updates = plan(
            batch,
            config,
            ranks=config.ranks,
            minibatches=config.minibatches,
            epochs=config.epochs,
            lrs=[learning_rate(config, first + number, total) for number in range(per_step)],
            seed=derived_seed(self.parley.run.seed, "plan", self.version) % 2**32,
        )
        if not updates:
            raise Broken("no episode of this step sampled a token: is rollout.max_context too small for the prompts?")
        return self.learner_group.ranks[POLICY].update(batch, updates, temperature=self.parley.rollout.temperature)

    def _publish(self) -> None:
        self.published = [self.learner_group.ranks[POLICY].publish(self.version + 1)]
        self.learner_group.versions[POLICY] += 1

    def _record(
        self, table: pa.Table, credit: dict[str, float], learned: list[dict[str, float]], seconds: dict[str, float]
    ) -> None:
        scalars = {
            **rollout_scalars(table),
            "rollout/worker_restarts": float(self.parts.workers.restarts),
            **{f"reward/{name}": value for name, value in credit.items()},
            **learner_scalars(learned),
            **{f"time/{stage}": value for stage, value in seconds.items()},
        }
        self.latest = scalars
        self.recorder.step(self.version, scalars, table)
        self.metrics.log_value((ENV_RUNNER_RESULTS, "episode_return_mean"), scalars["reward/return_mean"], window=20)
        self.metrics.log_value(
            (ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), int(scalars["rollout/turns"] * scalars["rollout/episodes"]),
            reduce="lifetime_sum",
        )  # fmt: skip
        every = self.parley.eval.every
        if every and self.version % every == 0:
            self.heldout("heldout", iteration=self.version)

    def heldout(
        self, phase: str, *, temperature: float | None = None, opponent: str | None = None, iteration: int | None = None
    ) -> pa.Table:
        """Evaluate the current weights and keep the trajectories under `phase`."""
        table = play_heldout(self.collector, self.parley, self._weights(), temperature=temperature, opponent=opponent)
        self.recorder.evaluation(table, phase, self.version, iteration)
        return table

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        own = {"stream": self.stream.state(), "credit": self.credit.to_json(), "ledger": self.recorder.ledger.offset()}
        own["version"] = self.version
        state: dict[str, Any] = super().get_state(components, not_components=not_components, **kwargs)
        return state | {"parley": own}

    def get_checkpointable_components(self) -> list[tuple[str, Any]]:
        return [(COMPONENT_LEARNER_GROUP, self.learner_group)]

    def set_state(self, state: dict[str, Any]) -> None:
        own = state.pop("parley", None)
        super().set_state({key: value for key, value in state.items() if key != COMPONENT_LEARNER_GROUP})
        if own is not None:
            self.collector.abandon()  # what is under way was sampled by weights that are void now
            self.recorder.ledger.roll_back(own["ledger"])
            self.recorder.directory.roll_back(own["version"])
            self.stream = self._new_stream()
            self.stream.restore(own["stream"])
            self.credit = CreditState.from_json(own["credit"])

    def restore_from_path(self, path: Any, *args: Any, **kwargs: Any) -> None:
        """Continue from a checkpoint. It is trusted input: RLlib unpickles parts of it."""
        Checkpointable.restore_from_path(self, path, *args, **kwargs)  # Algorithm's own would sync env runners
        self.published = [self.learner_group.ranks[POLICY].publish(self.version)]
        ray.get([w.load.remote(self.published) for w in self.parts.workers.handles], timeout=self.parley.run.stall_timeout_s)

    def cleanup(self) -> None:
        if hasattr(self, "parts"):
            self.parts.close()
        if hasattr(self, "recorder"):
            self.recorder.close(self.exit_code)
        super().cleanup()


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - began
