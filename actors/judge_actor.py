"""A judge as a Ray actor that batches, and the pooled judge that workers ask.

Invariants
- The actor answers raw data; the asker validates it, so every back end meets the same checks.
- One retry policy, applied here and nowhere else. What stays invalid, unreachable, late or refused is a `JudgeError`.
- A call of the back end ends at the deadline of a verdict: nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any, Protocol

from ray.exceptions import RayTaskError

from actors import judges
from actors.batcher import Batcher
from actors.config import EngineConfig
from actors.environment import ENVIRONMENT
from actors.judge_stats import JudgeStats
from actors.judges.base import Backend, Counted, Failed, outcome
from actors.pool import ActorPool, PoolError
from actors.retry import persist
from envs import modules
from envs.base import Verdict, VerdictRequest
from envs.verdicts import validate_verdict
from rewards.config import JudgeConfig
from rewards.verdict import JudgeError

SEND_WAIT_MS = 1.0
"""A worker gathers its requests this long before one RPC carries them; an RPC costs about as much."""

Raw = dict[str, Any] | Failed
"""What a judge says before it is validated."""


class JudgeActor:
    """Owns one back end; used through `start_judges`."""

    def __init__(
        self, config: JudgeConfig, model: str | None = None, engine: EngineConfig | None = None, own: Sequence[str] = ()
    ) -> None:
        modules.find_all(own)
        self._backend = judges.make(config, model, engine or EngineConfig())
        self._deadline_s = config.retry.deadline_s
        self._batcher: Batcher[VerdictRequest, dict[str, Any]] = Batcher(self._judge, config.together, config.max_wait_ms)
        self._pending = self._done = 0

    async def verdicts(self, requests: list[VerdictRequest]) -> tuple[str, list[Raw]]:
        """(source, one raw verdict or failure per request)."""
        self._pending += len(requests)
        try:
            answers = await asyncio.gather(*map(self._batcher.ask, requests), return_exceptions=True)
        finally:
            self._pending -= len(requests)
        self._done += len(requests)
        return self._backend.source, [outcome(answer) for answer in answers]

    async def ping(self) -> dict[str, Any]:
        """Vitals for the watchdog: a failure is done too. `batch_mean` is over the last calls of the back end."""
        sizes = self._batcher.sizes
        vitals = {
            "pid": os.getpid(),
            "pending": {"verdicts": self._pending},
            "done": {"verdicts": self._done},
            "batch_mean": sum(sizes) / len(sizes) if sizes else 0.0,
        }
        return vitals | _own(self._backend)

    async def _judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]:
        async with asyncio.timeout(self._deadline_s):
            return await self._backend.judge(requests)


def _own(backend: Backend) -> dict[str, Any]:
    """What a back end adds to the vitals; a user's class may count what it likes, but not overwrite ours."""
    counters = backend.counters() if isinstance(backend, Counted) else {}
    return {name: counters[name] for name in ("endpoint", "tokens", "busy_s") if name in counters}


def start_judges(
    name: str,
    config: JudgeConfig,
    *,
    cpus: float,
    timeout_s: float,
    model: str | None = None,
    engine: EngineConfig | None = None,
    own: Sequence[str] = (),
) -> ActorPool:
    """A pool of judge actors. A vllm judge needs the folder of its `model`, and an `engine` section. `own` are the modules of
    `gyms.modules`, whose kinds of verdict it is asked for."""
    if config.endpoint is not None:
        config = config.model_copy(update={"endpoint": config.endpoint.share(config.actors)})
    vllm = config.backend == "vllm"
    return ActorPool.start(
        f"judge {name!r}",
        JudgeActor,
        (config, model, engine, own),
        config.actors,
        timeout_s,
        num_cpus=cpus,
        num_gpus=engine.gpus if engine is not None and vllm else 0,
        resources=config.resources or None,
        max_concurrency=1024,
        runtime_env={"env_vars": ENVIRONMENT} if vllm else None,
    )


class Callee(Protocol):
    """A pool, or what stands for one in a process without Ray. Raises PoolError as `ActorPool.call` does."""

    async def call(self, method: str, *arguments: Any, timeout_s: float) -> Any: ...


class PooledJudge:
    """The judge a gym asks: gathers requests, calls the pool, validates, retries."""

    def __init__(self, pool: Callee, config: JudgeConfig) -> None:
        self._pool = pool
        self._config = config
        self._stats = JudgeStats()
        self._batcher: Batcher[VerdictRequest, tuple[str, Raw]] = Batcher(self._send, config.together, SEND_WAIT_MS)

    async def verdict(self, request: VerdictRequest) -> Verdict:
        """One valid verdict, or JudgeError."""
        now = asyncio.get_running_loop().time
        began = now()
        self._stats.asked()
        verdict = await persist(self._config.retry, lambda: self._once(request), JudgeError, self._stats.failed)
        self._stats.decided(now() - began)
        return verdict

    def stats(self) -> dict[str, float]:
        """See `JudgeStats.to_dict`."""
        return self._stats.to_dict()

    async def _once(self, request: VerdictRequest) -> Verdict:
        try:
            source, answer = await self._batcher.ask(request)
        except PoolError as error:
            raise JudgeError("transport", f"{request.kind}: {error}") from error
        except RayTaskError as error:  # the judge lives, but what it answered cannot be sent
            raise JudgeError("refused", f"{request.kind}: {error.cause!r}") from error
        if isinstance(answer, Failed):
            raise JudgeError(answer.failure, f"{request.kind}: {answer.detail}")
        try:
            return validate_verdict(request, answer, source)
        except ValueError as error:
            raise JudgeError("invalid", str(error)) from error

    async def _send(self, requests: list[VerdictRequest]) -> Sequence[tuple[str, Raw]]:
        source, answers = await self._pool.call("verdicts", requests, timeout_s=self._config.retry.deadline_s)
        return [(source, answer) for answer in answers]


__all__ = ["JudgeActor", "PooledJudge", "start_judges"]
