"""The learner of one policy: `ranks` Ray actors that step together.

The driver plans, puts the table into the object store once and waits with a deadline. A rank that fails or dies fails
the call with one sentence that names policy and rank; the group is then of no further use: `shutdown`, `start`,
`restore`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from learner.config import LearnerConfig
from learner.losses import LossName
from learner.plan import Update
from learner.rank import Rank

HEALTH = "health"
"""The concurrency group, a thread of its own, that answers pings."""
_GRACE_S = 5.0
"""A failed call waits this long for the other ranks: one that lost its peer may complain before the peer's death is known."""


class LearnerError(RuntimeError):
    """A rank failed; the message names policy and rank."""


class RankGroup:
    """Not started until `start`. All methods block but `update_async`."""

    def __init__(self, policy: str, model_path: str, config: LearnerConfig, *, seed: int, cpus: float = 1.0) -> None:
        self.policy, self.model_path, self.config, self.seed, self.cpus = policy, str(model_path), config, seed, cpus
        self._ranks: list[Any] = []

    def start(self) -> None:
        """Create the actors and load the model. Raises LearnerError, also when a rank is not ready in `start_timeout_s`."""
        actor = ray.remote(concurrency_groups={HEALTH: 1})(Rank).options(
            num_cpus=self.cpus,
            num_gpus=self.config.gpus_per_rank,
            resources=self.config.resources or None,
            runtime_env=_environment(self.config),
        )
        world = self.config.ranks
        self._ranks = [actor.remote(self.policy, rank, world, self.config, self.seed) for rank in range(world)]
        deadline = time.monotonic() + self.config.start_timeout_s
        address = self._wait([self._ranks[0].listen.remote()], deadline)[0]
        self._wait([rank.start.remote(self.model_path, address) for rank in self._ranks], deadline)

    def update(
        self,
        table: pa.Table | ray.ObjectRef,
        updates: Sequence[Update],
        loss: LossName | None = None,
        temperature: float = 1.0,
        *,
        measure_kl: bool = False,
    ) -> list[dict[str, float]]:
        """Do the planned updates; one dict of global metrics per update. Deadline `step_timeout_s` for the whole call.

        `loss` is the config's unless given. `measure_kl` adds `kl_to_start` and `kl_to_start_k1` (`learner.reference`),
        which a penalty towards the start adds in any case. Raises FloatingPointError when a loss or gradient is not
        finite, LearnerError when a rank fails otherwise.
        """
        return self.collect(self.update_async(table, updates, loss, temperature, measure_kl=measure_kl))

    def update_async(
        self,
        table: pa.Table | ray.ObjectRef,
        updates: Sequence[Update],
        loss: LossName | None = None,
        temperature: float = 1.0,
        *,
        train: bool = True,
        measure_kl: bool = False,
    ) -> list[ray.ObjectRef]:
        """Start the updates; pass the result to `collect`. `train=False` only computes the metrics."""
        table, plan = _shared(table), ray.put(list(updates))
        return [rank.run.remote(table, plan, loss or self.config.loss, temperature, train, measure_kl) for rank in self._ranks]

    def collect(self, refs: list[ray.ObjectRef], timeout_s: float | None = None) -> list[dict[str, float]]:
        """The metrics of `update_async`, from rank 0 (equal on all). `timeout_s`: what is left of the deadline of the step."""
        left = self.config.step_timeout_s if timeout_s is None else timeout_s
        metrics: list[dict[str, float]] = self._wait(refs, time.monotonic() + left)[0]
        return metrics

    def evaluate(
        self, table: pa.Table | ray.ObjectRef, updates: Sequence[Update], loss: LossName = "nll", temperature: float = 1.0
    ) -> list[dict[str, float]]:
        """The metrics that `update` would report, without changing anything."""
        return self.collect(self.update_async(table, updates, loss, temperature, train=False))

    def logprobs(self, table: pa.Table | ray.ObjectRef, temperature: float = 1.0) -> list[list[float | None]]:
        """The current policy's logprobs in the form of the table's column: None where the policy did not sample."""
        table = _shared(table)
        shares = self._step([rank.logprobs.remote(table, temperature) for rank in self._ranks])
        return [shares[row % len(shares)][row] for row in range(len(shares[0]))]

    def publish(self, version: int) -> ray.ObjectRef:
        """A reference, owned by the caller, to the packed weights (`learner.weights.WeightSet`), once they are packed."""
        if not self._ranks:
            raise LearnerError(f"learner of policy {self.policy} is not started")
        involved = self._ranks if self.config.zero_stage == 3 else self._ranks[:1]
        answers = [rank.publish.options(num_returns=2).remote(version) for rank in involved]
        self._step([packed for _, packed in answers])
        return answers[0][0]

    def save(self, directory: str) -> None:
        """Write everything needed to continue bit for bit: weights, optimizer shards, random states."""
        self._step([rank.save.remote(str(directory)) for rank in self._ranks])

    def restore(self, directory: str) -> None:
        """Continue from `save`; the group must be started with the same number of ranks and ZeRO stage."""
        self._step([rank.load.remote(str(directory)) for rank in self._ranks])

    def export(self, directory: str, version: int) -> None:
        """Write a Hugging Face folder (safetensors, tokenizer, `version`). Raises FileExistsError if it exists."""
        self._step([rank.export.remote(str(directory), version) for rank in self._ranks])

    def handles(self) -> list[Any]:
        """The ranks as they are now; their `ping` is answered by the concurrency group HEALTH, also in the middle of a step."""
        return list(self._ranks)

    def shutdown(self) -> None:
        """End the actors, also half-started ones."""
        if ray.is_initialized():  # else they ended with their cluster, and a call would start another one
            for rank in self._ranks:
                ray.kill(rank)
        self._ranks = []

    def _step(self, refs: list[ray.ObjectRef]) -> list[Any]:
        return self._wait(refs, time.monotonic() + self.config.step_timeout_s)

    def _wait(self, refs: list[ray.ObjectRef], deadline: float) -> list[Any]:
        """All results in order. `refs[i]` must be rank i's."""
        if not refs:
            raise LearnerError(f"learner of policy {self.policy} is not started")
        waiting = list(refs)
        while waiting:
            done, waiting = ray.wait(waiting, timeout=max(deadline - time.monotonic(), 0.0))
            if not done:
                late = [refs.index(ref) for ref in waiting]
                raise LearnerError(f"learner of policy {self.policy}: ranks {late} did not answer in time")
            try:
                ray.get(done)
            except RayError as error:
                ray.wait(refs, num_returns=len(refs), timeout=_GRACE_S)
                raise self._blame(refs) from error
        results: list[Any] = ray.get(refs, timeout=self.config.step_timeout_s)
        return results

    def _blame(self, refs: list[ray.ObjectRef]) -> Exception:
        """The most telling failure: a death, then an error of a rank, which may be the echo of a death."""
        failures: list[tuple[bool, int, Exception]] = []
        for rank, ref in enumerate(refs):
            try:
                ray.get(ref, timeout=0)
            except GetTimeoutError:
                continue
            except RayError as error:
                failures.append((isinstance(error, RayTaskError), rank, error))
        alive, rank, worst = min(failures, key=lambda failure: failure[:2])
        cause = worst.cause if isinstance(worst, RayTaskError) else worst
        if isinstance(cause, FloatingPointError):
            return cause
        what = f"failed: {type(cause).__name__}: {cause}" if alive else f"died: {cause}"
        return LearnerError(f"learner of policy {self.policy}: rank {rank} {what.splitlines()[0]}")


def _shared(table: pa.Table | ray.ObjectRef) -> ray.ObjectRef:
    return table if isinstance(table, ray.ObjectRef) else ray.put(table)


def _environment(config: LearnerConfig) -> dict[str, dict[str, str]]:
    variables = {
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "LOCAL_RANK": "0",  # one process per visible device
    }
    if not config.gpus_per_rank:
        variables["DS_ACCELERATOR"] = "cpu"
    return {"env_vars": variables}
