"""GRPO as an RLlib `Algorithm`: the main loop of a run. RLlib gives configuration, checkpoints, callbacks and Tune.

`training_step` is the whole system in ten lines: collect groups, assign credit, learn, publish, record. With
`rollout.max_staleness` 0 rollouts and learning take turns; from 1 on workers play while the learner steps.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pyarrow as pa
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.core import COMPONENT_LEARNER_GROUP
from ray.rllib.utils.checkpoints import Checkpointable
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME

from actors.rollout import GroupRequest, Weights
from actors.speaker import derived_seed
from cluster.groups.collector import Broken, Collector, Patience
from cluster.groups.heldout import SAMPLED, Way, play_heldout
from cluster.groups.stream import Stream
from cluster.groups.tasks import TaskSource
from cluster.grpo_config import GRPOConfig
from cluster.learner_group import RankGroups
from cluster.observe.guards import Guards
from cluster.observe.observer import Observer, Step
from cluster.record.recorder import Recorder
from cluster.record.run_directory import RunDirectory
from cluster.start.claim import claim
from cluster.start.parts import Parts
from cluster.start.preflight import RANK_CPUS
from cluster.start.prepare import prepare
from envs import modules
from learner.assignment import CreditState, assign
from learner.plan import plan
from learner.rank_group import RankGroup
from learner.schedule import learning_rate

ON_THE_WAY = "heldout"
"""The phase of evaluations between the first and the last."""
LOG = logging.getLogger("parley")


class GRPO(Algorithm):  # type: ignore[misc]
    """Group-relative policy optimisation of who acts in the run's gyms, a conversational agent or a simulated user."""

    learner_group: RankGroups
    exit_code = 0
    """What W&B is told when the algorithm stops; whoever sees it fail sets 1."""
    heed: Callable[[], None] = staticmethod(lambda: None)
    """Asked between waits whether to go on; raises to stop."""
    say: Callable[[str], None] = staticmethod(LOG.warning)
    """Told, in a sentence, what a person should know."""

    @classmethod
    def get_default_config(cls) -> GRPOConfig:
        return GRPOConfig()

    def setup(self, config: GRPOConfig) -> None:
        super().setup(config)
        self.parley = config.parley
        modules.find_all(self.parley.gyms.modules)  # a process of its own, under Tune
        self.policy: str = self.parley.acting
        """The one that is trained."""
        try:
            self._start(config)
        except BaseException:
            self.exit_code = 1
            self.cleanup()
            raise

    def _start(self, config: GRPOConfig) -> None:
        run = self.parley.run
        self._hold = ExitStack()
        self.recorder = Recorder(self.parley, config.directory or self._claimed(), began=config.began)
        self.models = config.models or prepare(self.parley, lambda *_: None)
        for name, model in self.models.imitated(self.parley).items():
            self.recorder.imitation(name, model)
        ranks = RankGroup(self.policy, str(self.models.acting), self.parley.learner, seed=run.seed, cpus=RANK_CPUS)
        with ThreadPoolExecutor(max_workers=1) as pool:  # learner and engines take seconds each to start
            starting = pool.submit(self.learner_group.start, {self.policy: ranks})
            self.parts = Parts(self.parley, self.models)
            starting.result()
        self.observer = Observer(self.parley, self.recorder, lambda: self.stream, lambda sentence: self.say(sentence))
        self.tasks = TaskSource(self.parley.gyms.train, run.seed, self.parley.gyms.tasks)
        self.restores = 0
        """How often this process went back to a checkpoint, resuming included: the epoch of its weights."""
        self.recoveries = 0
        """How often since the last checkpoint, because a rank was lost."""
        self.weights = {self.policy: Weights(0)}
        """What the next conversations are played with; version 0 is what the engines started with."""
        self._begin_stream()
        self.observer.start([*self.parts.members(), *self.learner_group.members()])

    def _claimed(self) -> RunDirectory:
        """For those who build an algorithm without `cluster.train`: a fresh folder."""
        directory, _ = self._hold.enter_context(claim(self.parley))
        directory.create()
        return directory

    def _begin_stream(self) -> None:
        """An empty stream and no lagged credit, as at the beginning of a run."""
        rollout = self.parley.rollout
        self.credit = CreditState()
        self.stream = Stream(
            rollout.groups_per_step,
            rollout.max_staleness,
            steps=self.parley.run.iterations,
            record=self.recorder.ledger.record,
        )
        self.collector = Collector(self.parts.workers, self.stream, self._request, self.patience)

    @property
    def patience(self) -> Patience:
        health = self.observer.health
        return Patience(self.parley.run.stall_timeout_s, self._heed, health.suspect, health.absent)

    def _heed(self) -> None:
        self.observer.health.check()
        self.heed()

    @property
    def version(self) -> int:
        """How many steps the policy has learned."""
        return self.learner_group.versions[self.policy]

    def training_step(self) -> None:
        seconds: dict[str, float] = {}
        with _timed(seconds, "rollout"):
            groups = self.collector.step(self.version)
        with _timed(seconds, "credit"):
            batch, credit = assign(
                groups, self.policy, self.parley.rewards, self.credit, derived_seed(self.parley.run.seed, self.version)
            )
        with _timed(seconds, "learn"):
            learned = self._learn(batch)
        with _timed(seconds, "publish"):
            self._publish()
        restarts = self.parts.workers.restarts
        self._record(Step(self.version, groups, batch, credit, learned, seconds, self.restores, restarts))

    def _request(self, group_id: int, attempt: int) -> GroupRequest:
        """What a training group plays: its task and seeds depend on the run's seed and its id alone."""
        size, seed = self.parley.rollout.group_size, self.parley.run.seed
        seeds = tuple(derived_seed(seed, "train", group_id, member) for member in range(size))
        task, temperature = self.tasks.task(group_id), self.parley.rollout.temperature
        return GroupRequest(task, group_id, attempt, seeds, temperature, weights=self.weights)

    def _learn(self, batch: pa.Table) -> list[dict[str, float]]:
        """One step of the learner. What the stream allows is played meanwhile."""
        config, ranks = self.parley.learner, self.learner_group.ranks[self.policy]
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
        temperature, measure_kl = self.parley.rollout.temperature, config.measures_kl(self.version)
        learning = ranks.update_async(batch, updates, temperature=temperature, measure_kl=measure_kl)
        deadline = time.monotonic() + config.step_timeout_s
        self.collector.meanwhile(self.version, learning, config.step_timeout_s)
        return ranks.collect(learning, max(0.0, deadline - time.monotonic()))

    def _publish(self) -> None:
        """Make the learned weights those of the next conversations, and push them into those under way."""
        self.learner_group.versions[self.policy] += 1
        self._republish()
        if self.parley.rollout.max_staleness:
            self.collector.update(self.weights)

    def _republish(self) -> None:
        published = self.learner_group.ranks[self.policy].publish(self.version)
        self.weights = {self.policy: Weights(self.version, [published], self.restores)}

    def _record(self, step: Step) -> None:
        self.latest = scalars = self.observer.step(step)
        self.metrics.log_value((ENV_RUNNER_RESULTS, "episode_return_mean"), scalars["reward/return_mean"], window=20)
        turns = int(scalars["rollout/turns"] * scalars["rollout/episodes"])
        self.metrics.log_value((ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED_LIFETIME), turns, reduce="lifetime_sum")
        self.evaluate_on_the_way()

    def evaluate_on_the_way(self) -> None:
        """The evaluation that `eval.every` asks for at this version, unless it is there already."""
        every, done = self.parley.eval.every, self.recorder.directory.iterations(ON_THE_WAY)
        if every and self.version and self.version % every == 0 and self.version not in done:
            self.heldout(ON_THE_WAY, iteration=self.version)

    def heldout(self, phase: str, way: Way = SAMPLED, *, iteration: int | None = None) -> pa.Table:
        """Evaluate the current weights and keep the trajectories under `phase`."""
        self.observer.reporter.phase("evaluating")
        table = play_heldout(self.parts.workers, self.parley, self.weights, self.patience, way)
        self.recorder.evaluation(table, phase, self.version, iteration)
        return table

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        own = {"stream": self.stream.state(), "credit": self.credit.to_json(), "ledger": self.recorder.ledger.offset()}
        own |= {"version": self.version, "guards": self.observer.guards.state()}
        state: dict[str, Any] = super().get_state(components, not_components=not_components, **kwargs)
        return state | {"parley": own}

    def get_checkpointable_components(self) -> list[tuple[str, Any]]:
        return [(COMPONENT_LEARNER_GROUP, self.learner_group)]

    def set_state(self, state: dict[str, Any]) -> None:
        own = state.pop("parley", None)
        super().set_state({key: value for key, value in state.items() if key != COMPONENT_LEARNER_GROUP})
        if own is not None:
            self._go_back(own["version"], own["ledger"])
            self.stream.restore(own["stream"])
            self.credit = CreditState.from_json(own["credit"])
            self.observer.guards.restore(own["guards"])

    def _go_back(self, version: int, ledger: int) -> None:
        """Void what came after a version, in files and in flight; the stream is empty then."""
        self.collector.abandon()  # what is under way was sampled by weights that are void now
        self.recorder.ledger.roll_back(ledger)
        self.recorder.directory.roll_back(version)
        self._begin_stream()

    def checkpoint(self) -> None:
        """Keep the current state in the run directory."""
        directory = self.recorder.directory
        directory.save_checkpoint(self.version, self.parley.checkpoint.keep, self.save_to_path)
        self.recoveries = 0

    def restore_from_path(self, path: Any, *args: Any, **kwargs: Any) -> None:
        """Continue from a checkpoint. It is trusted input: RLlib unpickles parts of it."""
        Checkpointable.restore_from_path(self, path, *args, **kwargs)  # Algorithm's own would sync env runners
        self._take_up()

    def resume(self) -> None:
        """Go on with the run in the run directory: from its newest checkpoint, or from the beginning if it has none."""
        newest = self.recorder.directory.newest_checkpoint()
        if newest is not None:
            self.restore_from_path(str(newest))
            return
        self._go_back(0, 0)
        self.observer.guards, self._iteration = Guards(self.parley.guards), 0
        self._take_up()

    def recover(self) -> None:
        """After a rank was lost: start the learner anew and go back to the newest checkpoint."""
        self.recoveries += 1
        self.observer.health.unwatch(self.learner_group.members())
        self.learner_group.restart()
        self.observer.health.watch(self.learner_group.members())
        self.resume()

    def _take_up(self) -> None:
        """Publish what the learner holds now; by their epoch workers know it for newer, whatever version they have seen."""
        self.restores += 1
        self._republish()
        self.observer.reporter.restored(self.restores, self.version)

    def cleanup(self) -> None:
        if hasattr(self, "observer"):
            self.observer.close()
        if hasattr(self, "parts"):
            self.parts.close()
        if hasattr(self, "recorder"):
            self.recorder.close(self.exit_code)
        super().cleanup()
        self._hold.close()


@contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - began
