"""A pool without Ray: one object of this process, called as a pool's members are."""

from __future__ import annotations

import asyncio
from typing import Any

from actors.pool import PoolError


class LocalPool:
    """Stands for an `ActorPool` with the object as its only member; lives in one event loop."""

    def __init__(self, name: str, member: Any) -> None:
        self._name = name
        self._member = member

    async def call(self, method: str, *arguments: Any, timeout_s: float) -> Any:
        """Call it and wait. Raises PoolError when the deadline passes, else what the method raises."""
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return await getattr(self._member, method)(*arguments)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise PoolError(f"{self._name}.{method} did not answer within {timeout_s:g} s") from error
