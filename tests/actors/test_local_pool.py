"""A pool of one, without Ray: deadlines and errors are those of a pool."""

from __future__ import annotations

import asyncio

import pytest

from actors.local_pool import LocalPool
from actors.pool import PoolError


class Member:
    async def double(self, number: int) -> int:
        return 2 * number

    async def sleep(self) -> None:
        await asyncio.sleep(60)

    async def fail(self) -> None:
        raise TimeoutError("its own")


def call(method: str, *arguments: int) -> object:
    return asyncio.run(LocalPool("judge", Member()).call(method, *arguments, timeout_s=0.05))


def test_it_answers():
    assert call("double", 21) == 42


def test_a_call_has_a_deadline():
    with pytest.raises(PoolError, match=r"judge\.sleep did not answer within 0\.05 s"):
        call("sleep")


def test_what_the_member_raises_is_its_own():
    with pytest.raises(TimeoutError, match="its own"):
        call("fail")
