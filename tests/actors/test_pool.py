"""Pools of real Ray actors: load, death, and coming back."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError

from actors.pool import ActorPool, PoolError


def member() -> type:
    class Member:
        async def ping(self) -> int:
            return os.getpid()

        async def work(self, seconds: float) -> int:
            await asyncio.sleep(seconds)
            return os.getpid()

        async def die(self) -> None:
            os._exit(1)

    return Member


@pytest.fixture
def pool(ray_cluster: None) -> Any:
    made = ActorPool.start("test", member(), (), 2, 60, num_cpus=0.1, max_task_retries=0)
    yield made
    made.close()


def test_calls_spread_over_the_members(pool: ActorPool):
    async def four() -> list[int]:
        return list(await asyncio.gather(*(pool.call("work", 0.2, timeout_s=30) for _ in range(4))))

    assert sorted(Counter(asyncio.run(four())).values()) == [2, 2]
    assert set(pool.balancer.in_flight.values()) == {0}


def test_a_call_without_an_answer_ends_at_its_deadline(pool: ActorPool):
    with pytest.raises(PoolError, match=r"test\[0\].work did not answer within 0.2 s"):
        asyncio.run(pool.call("work", 30.0, timeout_s=0.2))


def test_a_member_that_died_is_out_of_service_until_it_answers_again(pool: ActorPool):
    index = pool.reserve()
    reference = pool.send(index, "die")
    with pytest.raises(RayActorError):
        ray.get(reference, timeout=30)
    pool.failed(index)
    assert pool.in_service() == [1 - index]
    other = pool.reserve()
    assert other != index
    ray.get(pool.send(other, "work", 0.0), timeout=30)
    pool.done(other)
    deadline = time.monotonic() + 60
    while len(pool.in_service()) < 2:
        pool.recover()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert pool.restarts == 1


def test_calls_leave_out_a_member_that_died(pool: ActorPool):
    async def after_a_death() -> list[int]:
        with pytest.raises(PoolError, match="died during die"):
            await pool.call("die", timeout_s=30)
        return [await pool.call("work", 0.0, timeout_s=30) for _ in range(10)]

    survivor = ray.get(pool.handles[1].ping.remote(), timeout=30)
    assert survivor in asyncio.run(after_a_death())


def test_another_process_finds_the_pool_by_name(pool: ActorPool):
    @ray.remote(num_cpus=0.1)
    def ask(names: list[str]) -> list[int]:
        found = ActorPool.find("test", names)
        return [ray.get(handle.ping.remote()) for handle in found.handles]

    assert ray.get(ask.remote(pool.names), timeout=60) == ray.get([handle.ping.remote() for handle in pool.handles])


def test_members_that_cannot_start_are_named(ray_cluster: None):
    class Broken:
        def __init__(self) -> None:
            raise OSError("no such model")

        async def ping(self) -> None:
            return

    with pytest.raises(PoolError, match="broken pool did not start") as caught:
        ActorPool.start("broken pool", Broken, (), 1, 60, num_cpus=0.1)
    assert "no such model" in str(caught.value)
