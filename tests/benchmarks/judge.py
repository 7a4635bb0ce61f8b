"""Verdicts per second through the real judge actor: micro-batches against one request at a time.

The back end stands for one model on one device: a call takes the same time whatever its size, and one call runs at a time.
So one by one makes at most 1 / CALL_S verdicts a second, and batches at most `max_batch` times that.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from actors.judge_actor import PooledJudge, start_judges
from actors.pool import ActorPool
from envs.base import VerdictRequest
from envs.intention.verdict import CoverageRequest, Topic
from rewards.config import JudgeConfig, RetryPolicy
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting

CALL_S = 0.05
BACKEND = "tests.benchmarks.slow_judge:SlowJudge"
COMPARES = (
    "Verdicts per second of one judge actor whose back end takes 50 ms a call, one call at a time, whatever it holds: "
    "requests in micro-batches against each in a call of its own."
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many ask at once, how many fit a batch, and how often."""

    requests: int
    batch: int
    repeats: int


FULL = Size(requests=256, batch=32, repeats=3)
SMALLEST = Size(requests=4, batch=4, repeats=1)


def measure(setting: Setting, size: Size) -> Outcome:
    """Both ways in turns."""
    ways = {"in batches": _pool("batched", size.batch), "one by one": _pool("single", 1)}
    for pool, config in ways.values():
        asyncio.run(_ask(pool, config, 1))  # first calls import
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(size.repeats):
        for way, (pool, config) in ways.items():
            rates[way].append(size.requests / asyncio.run(_ask(pool, config, size.requests)))
    for pool, _ in ways.values():
        pool.close()
    outcome = Outcome(COMPARES, {"concurrent requests": size.requests, "max_batch": size.batch, "call_s": CALL_S})
    batched, single = (outcome.add(way, "verdicts/s", rates[way]) for way in ways)
    outcome.ratio("in batches / one by one", batched, single)
    outcome.add("in batches / most possible", "x", [rate * CALL_S / size.batch for rate in batched])
    return outcome


def _pool(name: str, batch: int) -> tuple[ActorPool, JudgeConfig]:
    config = JudgeConfig(
        backend=BACKEND, options={"call_s": CALL_S}, max_batch=batch, retry=RetryPolicy(transport=0, invalid=0, deadline_s=120)
    )
    return start_judges(name, config, cpus=0.25, timeout_s=120), config


async def _ask(pool: ActorPool, config: JudgeConfig, requests: int) -> float:
    judge = PooledJudge(ActorPool(pool.name, pool.handles), config)
    began = time.perf_counter()
    await asyncio.gather(*(judge.verdict(_request(number)) for number in range(requests)))
    return time.perf_counter() - began


def _request(number: int) -> VerdictRequest:
    topics = tuple(Topic(description=name, importance=3, inquiries=(f"What is the {name}?",)) for name in ("date", "color"))
    return CoverageRequest(request=f"trip {number}", utterance="What is the date?", remaining=topics)
