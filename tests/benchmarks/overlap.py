"""Step time when rollouts and learning take turns (`rollout.max_staleness` 0) and when they overlap (1, 2).

One living system plays all blocks of steps, in turns (`block`). A block's value is the mean of its counted steps: overlapped,
quick and slow steps alternate, and their median would say little.

`quickstart` is that run as it is: everything computes on the same cores, so overlap can only fill waits. `slow user` has a
user who sleeps (`slow_user`) instead of one that computes; `bound` is the time that the sleeps alone enforce (`bound`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ray

from actors.config import SpeakerConfig
from cluster.algorithm import GRPO
from cluster.config import Config
from tests.benchmarks.block import Block, in_turns, system
from tests.benchmarks.bound import least_seconds
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.benchmarks.slow_user import SIGMA, Played, slept, slow_users

COMPARES = (
    "Seconds per training step with rollouts and learning in turns (max_staleness 0) against overlapped (1 and 2): the "
    "quickstart on shared cores, and a run whose user takes its time and no core (pauses log-normal, median 0.2 s, sigma 1)."
)
STAGES = ("rollout", "engine", "learner")


@dataclass(frozen=True, slots=True)
class Size:
    """Which staleness, how many blocks of each, and the steps of a block; the slow user's part plays fewer conversations."""

    quickstart: bool
    staleness: tuple[int, ...]
    rounds: int
    warm_up: int
    steps: int
    slow_groups: int
    slow_group_size: int
    median_s: float
    """Of the slow user's pauses."""


FULL = Size(True, (0, 1, 2), rounds=2, warm_up=1, steps=6, slow_groups=8, slow_group_size=4, median_s=0.2)
SMALLEST = Size(False, (0, 1), rounds=1, warm_up=1, steps=1, slow_groups=2, slow_group_size=2, median_s=0.02)


def measure(setting: Setting, size: Size) -> Outcome:
    """Both parts, each on a system of its own."""
    steps = f"{size.rounds} x {size.steps}, after {size.warm_up}"
    slow = f"{size.slow_groups} x {size.slow_group_size}, median {size.median_s} s, sigma {SIGMA}"
    outcome = Outcome(COMPARES, {"steps": steps, "conversations of the slow user": slow})
    if size.quickstart:
        with system(_config(setting, "overlap-quickstart"), setting.models) as algorithm:
            blocks = in_turns(algorithm, size.staleness, size.rounds, size.warm_up, size.steps)
        _report(outcome, "quickstart", blocks, size)
    with slow_system(setting, size) as algorithm:
        play_slowly(outcome, algorithm, size)
    return outcome


@contextmanager
def slow_system(setting: Setting, size: Size) -> Iterator[GRPO]:
    """Whose user takes its time, with room for all conversations that overlap may want at a time."""
    config = _config(setting, "overlap-slow-user")
    config.policies["user"].mix = [SpeakerConfig(speaker="scripted")]
    config.rollout.groups_per_step, config.rollout.group_size = size.slow_groups, size.slow_group_size
    config.rollout.concurrency = size.slow_groups * size.slow_group_size * (1 + max(size.staleness))
    with slow_users(size.median_s), system(config, setting.models) as algorithm:
        yield algorithm


def play_slowly(outcome: Outcome, algorithm: GRPO, size: Size) -> None:
    """The slow user's part."""
    blocks = in_turns(algorithm, size.staleness, size.rounds, size.warm_up, size.steps)
    pauses = ray.get(algorithm.parts.workers.handles[0].__ray_call__.remote(slept))
    _report(outcome, "slow user", blocks, size)
    _report_bound(outcome, blocks, pauses, size)


def _config(setting: Setting, name: str) -> Config:
    config = setting.config.model_copy(deep=True)
    config.run.root, config.run.name = setting.scratch, name
    return config


def _report(outcome: Outcome, part: str, blocks: list[Block], size: Size) -> None:
    by = {s: [block for block in blocks if block.staleness == s] for s in size.staleness}
    seconds = {s: outcome.add(f"{part}, staleness {s}: step", "s", [block.mean_s() for block in by[s]]) for s in by}
    for s in size.staleness[1:]:
        outcome.ratio(f"{part}: staleness 0 / {s}", seconds[0], seconds[s])
    for stage in STAGES:
        for s, some in by.items():
            idle = [value for block in some if (value := block.share(f"idle/{stage}")) is not None]
            if idle:
                outcome.add(f"{part}, staleness {s}: idle/{stage}", "of a step", idle)
    outcome.raw |= {f"{part}, staleness {s}: ends of steps, s": [block.ends for block in some] for s, some in by.items()}


def _report_bound(outcome: Outcome, blocks: list[Block], pauses: dict[Played, float], size: Size) -> None:
    learn = min(block.learn_s() for block in blocks)
    for s in size.staleness:
        some = [block for block in blocks if block.staleness == s]
        bound = [least_seconds(block.ends, _longest(block, pauses, size), learn, s, size.warm_up) for block in some]
        outcome.add(f"slow user, staleness {s}: bound", "s", bound)
        outcome.ratio(f"slow user, staleness {s}: step / bound", [block.mean_s() for block in some], bound)


def _longest(block: Block, pauses: dict[Played, float], size: Size) -> list[float]:
    """For each step of a block, the longest that a conversation of its groups slept in all."""
    longest = [0.0] * len(block.ends)
    for (epoch, group, _), seconds in pauses.items():
        step = group // size.slow_groups
        if epoch == block.epoch and step < len(longest):  # later groups were under way when the block ended
            longest[step] = max(longest[step], seconds)
    return longest
