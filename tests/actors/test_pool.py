"""Pools of real Ray actors: load, death, and coming back."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import pytest
import ray
from ray.exceptions import RayActorError

from actors.pool import ActorPool, PoolError


def member() -> type:
    class Member:
        def __init__(self, index: int) -> None:
            self.index = index

        async def ping(self) -> int:
            return os.getpid()

        async def work(self, seconds: float) -> int:
            await asyncio.sleep(seconds)
            return self.index

        async def die(self) -> None:
            os._exit(1)

    return Member


@pytest.fixture
def pool(ray_cluster: None) -> Any:
    actor = ray.remote(member()).options(num_cpus=0.1, max_restarts=-1, max_task_retries=0)
    made = ActorPool.start("test", lambda index: actor.remote(index), 2, timeout_s=60)
    yield made
    made.close()


def test_calls_spread_over_the_members(pool: ActorPool):
    async def four() -> list[int]:
        return list(await asyncio.gather(*(pool.call("work", 0.2, timeout_s=30) for _ in range(4))))

    assert sorted(asyncio.run(four())) == [0, 0, 1, 1]
    assert set(pool.balancer.in_flight.values()) == {0}


def test_a_call_without_an_answer_ends_at_its_deadline(pool: ActorPool):
    with pytest.raises(PoolError, match=r"test\[0\].work did not answer within 0.2 s"):
        asyncio.run(pool.call("work", 30.0, timeout_s=0.2))


def test_a_member_that_died_is_out_of_service_until_it_answers_again(pool: ActorPool):
    index, reference = pool.submit("die")
    with pytest.raises(RayActorError):
        ray.get(reference, timeout=30)
    pool.failed(index)
    assert pool.balancer.available() == 1
    other, reference = pool.submit("work", 0.0)
    assert other != index
    ray.get(reference, timeout=30)
    pool.done(other)
    deadline = time.monotonic() + 60
    while pool.balancer.available() < 2:
        pool.recover()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert pool.restarts == 1


def test_members_that_cannot_start_are_named(ray_cluster: None):
    class Broken:
        def __init__(self) -> None:
            raise OSError("no such model")

        async def ping(self) -> None:
            return

    actor = ray.remote(Broken).options(num_cpus=0.1)
    with pytest.raises(PoolError, match="broken pool did not start") as caught:
        ActorPool.start("broken pool", lambda _: actor.remote(), 1, timeout_s=60)
    assert "no such model" in str(caught.value)
