"""An engine as a Ray actor, for policies that many workers share (the user model), and the pool that stands for it.

The actor ends itself when its engine dies: every waiting call fails at once with the cause, and Ray starts a new one.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import ray

from actors.config import EngineConfig
from actors.engine import ENVIRONMENT, Completion, Engine, EngineDead, Sampling
from actors.pool import ActorPool
from actors.weights import Published


class EngineActor:
    """Owns one engine; used through `start_engines`."""

    def __init__(self, policy: str, model: str, config: EngineConfig, max_context: int, max_sequences: int) -> None:
        self._engine = Engine(policy, model, config, max_context=max_context, max_sequences=max_sequences)

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        """See `Engine.generate`."""
        try:
            return await self._engine.generate(policy, ids, sampling, min_version)
        except EngineDead:
            end_soon()
            raise

    async def load(self, published: Published) -> int:
        """Load published weights; returns the version now held."""
        await self._engine.load(published)
        return self._engine.version

    async def ping(self) -> int:
        """The weights version held."""
        return self._engine.version


def end_soon(delay_s: float = 0.5) -> None:
    """End this process after the answers under way have left it."""
    asyncio.get_running_loop().call_later(delay_s, os._exit, 1)


def start_engines(
    policy: str, model: str, config: EngineConfig, *, max_context: int, max_sequences: int, cpus: float, timeout_s: float
) -> ActorPool:
    """A pool of `config.user_actors` engines that all hold the same frozen model."""
    actor = ray.remote(EngineActor).options(
        num_cpus=cpus,
        num_gpus=config.gpus,
        max_restarts=-1,
        max_task_retries=3,
        max_concurrency=1024,
        runtime_env={"env_vars": ENVIRONMENT},
    )

    def make(_: int) -> Any:
        return actor.remote(policy, model, config, max_context, max_sequences)

    return ActorPool.start(f"engine of {policy!r}", make, config.user_actors, timeout_s)


class PooledEngine:
    """A token service that is a pool of engine actors."""

    def __init__(self, pool: ActorPool, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        """See `Engine.generate`; raises PoolError when no engine answers in time."""
        completion: Completion = await self._pool.call(
            "generate", policy, ids, sampling, min_version, timeout_s=self._timeout_s
        )
        return completion
