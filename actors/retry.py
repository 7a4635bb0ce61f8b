"""Asking again under the one retry policy, with a deadline over all tries.

Used by the judge pool and by a user behind an endpoint, and nowhere else: what they call never tries twice by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rewards.config import RetryPolicy
from rewards.verdict import Attempts, Failure, Unanswered

T = TypeVar("T")

RETRY_PAUSE_S = 0.05
"""Between two tries, so that a service which is just going down does not use them all up."""


async def persist(
    policy: RetryPolicy,
    ask: Callable[[], Awaitable[T]],
    error: type[Unanswered],
    failed: Callable[[Failure, bool], None] = lambda failure, final: None,
) -> T:
    """The first answer of `ask`, which raises `Unanswered` when a try fails.

    Raises the last try's `Unanswered`, or `error` when the deadline passes. `failed(failure, final)` hears of every
    failure, and whether it was the last.
    """
    attempts = Attempts(policy)
    deadline = asyncio.get_running_loop().time() + policy.deadline_s
    last = ""
    while True:
        try:
            async with asyncio.timeout_at(deadline) as limit:
                return await ask()
        except TimeoutError:
            if not limit.expired():
                raise
            failed("deadline", True)
            raise error("deadline", f"no answer within {policy.deadline_s:g} s{last}") from None
        except Unanswered as unanswered:
            again = attempts.again(unanswered.failure)
            failed(unanswered.failure, not again)
            if not again:
                raise
            last = f"; the last try: {unanswered.detail}"
        await asyncio.sleep(RETRY_PAUSE_S)
