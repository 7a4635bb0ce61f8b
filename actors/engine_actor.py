"""An engine as a Ray actor, for policies that many workers share (the user model), and the pool that stands for it.

The actor ends itself when its engine dies: every waiting call fails at once with the cause, and Ray starts a new one.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from actors.batcher import Batcher
from actors.config import EngineConfig
from actors.engine import Completion, Engine, Sampling
from actors.environment import ENVIRONMENT
from actors.pool import ActorPool
from actors.weights import Published

Request = tuple[str, list[int], Sampling, int]
"""The arguments of `Engine.generate`: policy, ids, sampling, min_version."""
MOST_COALESCED = 64


class EngineActor:
    """Owns one engine; used through `start_engines`."""

    def __init__(self, policy: str, model: str, config: EngineConfig, max_context: int, max_sequences: int) -> None:
        self._engine = Engine(policy, model, config, max_context=max_context, max_sequences=max_sequences)

    async def generate(self, requests: list[Request]) -> list[Completion | Exception]:
        """For each request what `Engine.generate` returns or raises."""
        if self._engine.dead:
            await end_now()
        answers = await asyncio.gather(*(self._engine.generate(*request) for request in requests), return_exceptions=True)
        if self._engine.dead:
            end_soon()
        return [_no_worse(answer) for answer in answers]

    async def load(self, published: Published) -> int:
        """Load published weights; returns the version now held."""
        await self._engine.load(published)
        return self._engine.version

    async def ping(self) -> dict[str, Any]:
        """See `Engine.vitals`."""
        return self._engine.vitals()


def end_soon(delay_s: float = 2.0) -> None:
    """End this process after the answers under way have left it."""
    asyncio.get_running_loop().call_later(delay_s, os._exit, 1)


async def end_now() -> None:
    """Accept nothing any more: the caller is to see a dead actor, not an answer that would be asked for again here."""
    end_soon(0.0)
    await asyncio.Event().wait()


def start_engines(
    policy: str, model: str, config: EngineConfig, *, max_context: int, max_sequences: int, cpus: float, timeout_s: float
) -> ActorPool:
    """A pool of `config.user_actors` engines that all hold the same frozen model."""
    return ActorPool.start(
        f"engine of {policy!r}",
        EngineActor,
        (policy, model, config, max_context, max_sequences),
        config.user_actors,
        timeout_s,
        num_cpus=cpus,
        num_gpus=config.gpus,
        resources=config.resources or None,
        max_task_retries=3,
        max_concurrency=1024,
        runtime_env={"env_vars": ENVIRONMENT},
    )


class PooledEngine:
    """A token service that is a pool of engine actors."""

    def __init__(self, pool: ActorPool, config: EngineConfig) -> None:
        self._pool = pool
        self._timeout_s = config.call_timeout_s
        most = MOST_COALESCED if config.coalesce_ms else 1
        self._batcher: Batcher[Request, Completion] = Batcher(self._send, most, config.coalesce_ms)

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        """See `Engine.generate`; raises PoolError when no engine answers in time."""
        return await self._batcher.ask((policy, ids, sampling, min_version))

    async def _send(self, requests: list[Request]) -> list[Completion | Exception]:
        answers: list[Completion | Exception] = await self._pool.call("generate", requests, timeout_s=self._timeout_s)
        return answers


def _no_worse(answer: Completion | BaseException) -> Completion | Exception:
    """Cancellation and the like belong to this process, not into an answer."""
    if isinstance(answer, Completion | Exception):
        return answer
    raise answer
