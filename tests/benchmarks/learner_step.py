"""One optimizer step of the learner against plain torch, on the same packed rows with the same loss.

    plain      forward, loss and backward of every micro-batch, norm clipping, `torch.optim.AdamW`, rows packed beforehand
    rank       `learner.rank.Rank.run` in the same process: rows packed anew, DeepSpeed ZeRO, metrics
    learner    `learner.rank_group.RankGroup.update`: the same in an actor, called through Ray as the driver does

All start from the same weights and must end with the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import ray

from learner.config import LearnerConfig
from learner.plan import Update, plan
from learner.rank_group import RankGroup, _environment
from tests.benchmarks import mix
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.benchmarks.shape import Shape, babble, write

COMPARES = (
    "Seconds per optimizer step on one thread: plain torch (AdamW) against the learner's rank in the same process and against "
    "the learner as the driver calls it, through Ray; same packed rows, same loss, same weights afterwards."
)
LR = 1e-4
VOCABULARY = 384
LARGEST_DIFFERENCE = 1e-5
"""Between weights that went through the same steps."""


@dataclass(frozen=True, slots=True)
class Size:
    """Which models, how many rows a step, how often."""

    shapes: tuple[Shape, ...]
    rows: int
    repeats: int


FULL = Size((Shape(64, 2), Shape(192, 3)), rows=32, repeats=10)
SMALLEST = Size((Shape(64, 1),), rows=4, repeats=1)


class Bare:
    """A process with a rank, and with a model and an optimizer beside it."""

    def __init__(self, path: str, config: LearnerConfig, table: pa.Table, updates: list[Update]) -> None:
        import torch

        from learner.batch import Batch
        from learner.model import PolicyModel
        from learner.rank import Rank

        self._config, self._table, self._updates = config, table, updates
        self._rank = Rank("agent", 0, 1, config, seed=0)
        self._rank.start(path, self._rank.listen())
        self._model = PolicyModel.load(path)
        self._optimizer = torch.optim.AdamW(
            self._model.parameters(), lr=LR, betas=config.betas, weight_decay=config.weight_decay
        )
        self._batch = Batch(table, "grpo", torch.device("cpu"))
        self._packed = [(micro, *self._batch.pack(micro.rows)) for micro in updates[0].micro_batches[0]]

    def rank(self) -> float:
        """Seconds."""
        began = time.perf_counter()
        self._rank.run(self._table, self._updates, "grpo")
        return time.perf_counter() - began

    def plain(self) -> float:
        """Seconds."""
        import torch

        from learner.losses import LOSSES

        began = time.perf_counter()
        for micro, packed, where in self._packed:
            logprobs, _ = self._model(packed, 1.0)
            inputs = self._batch.loss_inputs(micro, where, logprobs, first=True)
            (LOSSES["grpo"].loss(inputs, self._config).loss / self._updates[0].denominator).backward()
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._config.max_grad_norm)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return time.perf_counter() - began

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """The rank's and the plain model's, flat."""
        from learner.weights import pack

        return tuple(pack(lm.named_parameters(), 0)["flat"] for lm in (self._rank._lm(), self._model.lm))  # type: ignore[return-value]


def measure(setting: Setting, size: Size) -> Outcome:
    """All three in turns."""
    config = LearnerConfig(lr=LR)
    settings = {"dtype": "float32", "rows": size.rows, "tokens_per_micro_batch": config.tokens_per_micro_batch}
    outcome = Outcome(COMPARES, settings | {"zero_stage": config.zero_stage})
    for shape in size.shapes:
        _compare(outcome, setting, shape, config, size)
    return outcome


def _compare(outcome: Outcome, setting: Setting, shape: Shape, config: LearnerConfig, size: Size) -> None:
    path = write(setting.scratch / f"step-{shape.hidden}-{shape.layers}", shape, [babble(5000, 0)], vocabulary=VOCABULARY)
    table = mix.table("short", size.rows, VOCABULARY)
    updates = plan(table, config, ranks=1, minibatches=1, epochs=1, lrs=[LR], seed=0)
    group = RankGroup("agent", str(path), config, seed=0, cpus=0.5)
    actor = ray.remote(Bare).options(num_cpus=0.5, runtime_env=_environment(config)).remote(str(path), config, table, updates)
    group.start()
    ways: dict[str, Callable[[], float]] = {
        "plain": lambda: ray.get(actor.plain.remote()),
        "rank": lambda: ray.get(actor.rank.remote()),
        "learner": lambda: _through_ray(group, table, updates),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(size.repeats + 1):
        for way, step in ways.items():
            found[way].append(step())
    parameters = _check_equal(ray.get(actor.weights.remote()), ray.get(group.publish(1)))
    group.shutdown()
    ray.kill(actor)
    label = f"{parameters / 1e6:.2g} M"
    ms = {way: outcome.add(f"{label}: {way}", "ms", [1000 * s for s in some[1:]]) for way, some in found.items()}
    for way in ("rank", "learner"):
        outcome.ratio(f"{label}: {way} / plain", ms[way], ms["plain"])


def _through_ray(group: RankGroup, table: pa.Table, updates: list[Update]) -> float:
    began = time.perf_counter()
    group.update(table, updates)
    return time.perf_counter() - began


def _check_equal(bare: tuple[np.ndarray, np.ndarray], published: Any) -> int:
    """How many parameters there are."""
    weights = [flat.view(np.float32) for flat in (*bare, published["flat"])]
    apart = max(float(np.abs(other - weights[0]).max()) for other in weights[1:])
    assert apart < LARGEST_DIFFERENCE, f"weights differ by {apart}: this is not equal work"
    return len(weights[0])
