"""Some steps of a living system at one staleness, from the same beginning each time.

A block goes back to the checkpoint of step 0 by the product's own way, `GRPO.resume`: same weights, tasks and seeds, an empty
pipeline, and the staleness that the configuration names by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from cluster.algorithm import GRPO
from cluster.config import Config
from cluster.grpo_config import GRPOConfig
from cluster.start.parts import Models

LEARN = ("time/credit", "time/learn", "time/publish")


@dataclass(slots=True)
class Block:
    """What the steps took; the first `warm_up` fill the pipeline and do not count."""

    staleness: int
    warm_up: int
    epoch: int
    """How often the system had gone back when the block began."""
    ends: list[float] = field(default_factory=list)
    """When each step ended, from the block's beginning."""
    scalars: list[dict[str, float]] = field(default_factory=list)

    def mean_s(self) -> float:
        """Seconds per counted step."""
        return (self.ends[-1] - self.ends[self.warm_up - 1]) / (len(self.ends) - self.warm_up)

    def share(self, name: str) -> float | None:
        """A share of the counted steps that have it, each for as long as it took."""
        lasted = [end - before for before, end in zip([0.0, *self.ends], self.ends, strict=False)]
        counted = list(zip(self.scalars, lasted, strict=True))[self.warm_up :]
        parts = [(scalars[name], s) for scalars, s in counted if name in scalars]
        return sum(share * s for share, s in parts) / sum(s for _, s in parts) if parts else None

    def learn_s(self) -> float:
        """What the quickest step took once its groups were there."""
        return min(sum(scalars[name] for name in LEARN) for scalars in self.scalars)


@contextmanager
def system(config: Config, models: Models) -> Iterator[GRPO]:
    """A started algorithm with a checkpoint of its beginning."""
    algorithm = GRPOConfig().run(config, models=models).build_algo()
    try:
        algorithm.checkpoint()
        yield algorithm
    finally:
        algorithm.stop()


def in_turns(
    algorithm: GRPO, staleness: Sequence[int], rounds: int, warm_up: int, steps: int, say: Callable[[str], None] = print
) -> list[Block]:
    """`rounds` blocks of each staleness: 0, 1, 2, 0, 1, 2, ..."""
    return [_block(algorithm, s, warm_up, steps, say) for _ in range(rounds) for s in staleness]


def _block(algorithm: GRPO, staleness: int, warm_up: int, steps: int, say: Callable[[str], None]) -> Block:
    algorithm.parley.rollout.max_staleness = staleness
    algorithm.resume()
    block = Block(staleness, warm_up, algorithm.restores)
    began = time.perf_counter()
    for _ in range(warm_up + steps):
        algorithm.train()
        block.ends.append(time.perf_counter() - began)
        block.scalars.append(dict(algorithm.latest))
    assert algorithm.stream.progress.dropped == 0
    say(f"  staleness {staleness}: {block.mean_s():.2f} s per step")
    return block
