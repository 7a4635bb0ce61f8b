from __future__ import annotations

import asyncio

import pytest

from actors.batcher import Batcher


async def test_concurrent_items_share_batches_and_get_their_own_answers():
    async def double(items: list[int]) -> list[int]:
        return [2 * item for item in items]

    batcher: Batcher[int, int] = Batcher(double, max_batch=8, max_wait_ms=5)
    assert await asyncio.gather(*map(batcher.ask, range(20))) == [2 * item for item in range(20)]
    assert batcher.sizes == [8, 8, 4]


async def test_a_lone_item_waits_no_longer_than_max_wait():
    async def echo(items: list[int]) -> list[int]:
        return items

    batcher: Batcher[int, int] = Batcher(echo, max_batch=1000, max_wait_ms=1)
    assert await asyncio.wait_for(batcher.ask(7), timeout=5) == 7


async def test_one_bad_item_does_not_harm_its_neighbours():
    async def judge(items: list[int]) -> list[int | Exception]:
        return [ValueError("odd") if item % 2 else item for item in items]

    batcher: Batcher[int, int] = Batcher(judge, max_batch=4, max_wait_ms=1)
    answers = await asyncio.gather(*map(batcher.ask, range(4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [int, ValueError, int, ValueError]


async def test_a_failing_handler_fails_its_batch_and_not_the_next():
    calls = 0

    async def flaky(items: list[int]) -> list[int]:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionError("gone")
        return items

    batcher: Batcher[int, int] = Batcher(flaky, max_batch=2, max_wait_ms=1)
    with pytest.raises(ConnectionError):
        await batcher.ask(1)
    assert await batcher.ask(2) == 2


async def test_a_short_answer_is_an_error():
    async def short(items: list[int]) -> list[int]:
        return items[:-1]

    batcher: Batcher[int, int] = Batcher(short, max_batch=2, max_wait_ms=1)
    with pytest.raises(RuntimeError, match="answered 0 of 1"):
        await batcher.ask(1)
