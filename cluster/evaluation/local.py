"""Episodes played in this process, without Ray: for agents, users and judges that need no engine.

Invariants: those of the collector. At most so many conversations at a time; what failed is tried again, as often as there; a
wait without any episode finished ends with an error; between two looks somebody is asked whether to go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa

from actors.judge_actor import JudgeActor, PooledJudge
from actors.local_pool import LocalPool
from actors.rollout import Cast, GroupRequest, run_group
from actors.worker import WorkerSpec, cast_of
from cluster.groups.collector import LOOK_S, Patience, Stalled, shortfall
from cluster.groups.stream import MAX_ATTEMPTS


def play_here(
    spec: WorkerSpec, requests: Sequence[GroupRequest], patience: Patience, arrived: Callable[[int, pa.Table], None]
) -> None:
    """Play all requests; `arrived` hears of each by its place. Raises Stalled, and what `arrived` and `heed` raise."""
    asyncio.run(_play(spec, requests, patience, arrived))


async def _play(
    spec: WorkerSpec, requests: Sequence[GroupRequest], patience: Patience, arrived: Callable[[int, pa.Table], None]
) -> None:
    judge = PooledJudge(LocalPool("judge", JudgeActor(spec.judge)), spec.judge)
    cast, limit = cast_of(spec, judge), asyncio.Semaphore(spec.rollout.concurrency)
    left = iter(enumerate(requests))
    flying: dict[asyncio.Task[pa.Table], int] = {}
    moved = time.monotonic()
    try:
        while True:
            while len(flying) < spec.rollout.concurrency and (entry := next(left, None)):
                flying[asyncio.create_task(_persist(entry[1], cast, limit))] = entry[0]
            if not flying:
                break
            done, _ = await asyncio.wait(flying, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                arrived(flying.pop(task), task.result())
                moved = time.monotonic()
            patience.heed()
            if time.monotonic() - moved > patience.stall_timeout_s:
                raise Stalled(f"no episode ended within {patience.stall_timeout_s:.0f} s; {len(flying)} are under way")
    finally:
        for task in flying:
            task.cancel()


async def _persist(request: GroupRequest, cast: Cast, limit: asyncio.Semaphore) -> pa.Table:
    """The first attempt that did not fail, or the last."""
    for attempt in range(MAX_ATTEMPTS):
        table = await run_group(replace(request, attempt=attempt), cast, limit)
        if shortfall(table) is None:
            break
    return table
