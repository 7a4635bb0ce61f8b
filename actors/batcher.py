"""Micro-batching: single requests in, lists to a handler, single answers out.

Invariants
- A batch closes when it holds `max_batch` items or its first item has waited `max_wait_ms`.
- Each item gets its own answer or its own exception; an exception of the handler itself fails that batch only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Collects concurrent `ask` calls of one event loop."""

    def __init__(
        self, handler: Callable[[list[Item]], Awaitable[Sequence[Answer | Exception]]], max_batch: int, max_wait_ms: float
    ) -> None:
        self._handler = handler
        self._max_batch = max_batch
        self._max_wait_s = max_wait_ms / 1000.0
        self._pending: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.sizes: list[int] = []
        """Sizes of the last batches, for metrics and tests."""

    async def ask(self, item: Item) -> Answer:
        """Queue one item and wait for its answer."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._pending.append((item, answer))
        if len(self._pending) >= self._max_batch:
            self._close()
        elif self._timer is None:
            self._timer = loop.call_later(self._max_wait_s, self._close)
        return await answer

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._pending = self._pending, []
        if batch:
            task = asyncio.get_running_loop().create_task(self._serve(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        self.sizes = [*self.sizes[-255:], len(batch)]
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._handler([item for item, _ in batch])
            if len(answers) != len(batch):
                raise RuntimeError(f"the handler answered {len(answers)} of {len(batch)} items")
        except Exception as error:
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
