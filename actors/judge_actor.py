"""A judge as a Ray actor that batches, and the pooled judge that workers ask.

Invariants
- The actor answers raw data; the asker validates it, so every back end meets the same checks.
- One retry policy, applied here and nowhere else. What stays invalid, unreachable or late is a `JudgeError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from actors.batcher import Batcher
from actors.pool import ActorPool, PoolError
from envs.base import Verdict, VerdictRequest
from envs.verdicts import RuleJudge, validate_verdict
from rewards.config import JudgeConfig
from rewards.verdict import Attempts, Failure, JudgeError

SEND_WAIT_MS = 1.0
"""A worker gathers its requests this long before one RPC carries them; an RPC costs about as much."""

RETRY_PAUSE_S = 0.05
"""Between two tries, so that a judge which is just going down does not use them all up."""


class Backend(Protocol):
    """What decides, in batches. `source` names it and its version in every reward."""

    source: str

    async def judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]: ...


class RulesBackend:
    """The rule of each verdict kind."""

    source = "rules@1"

    def __init__(self) -> None:
        self._judge = RuleJudge()

    async def judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]:
        """One raw verdict per request."""
        return [await self._verdict(request) for request in requests]

    async def _verdict(self, request: VerdictRequest) -> dict[str, Any] | Exception:
        try:
            return (await self._judge.verdict(request)).model_dump()
        except Exception as error:  # belongs to this request, not to its neighbours in the batch
            return error


BACKENDS = {"rules": RulesBackend}


class JudgeActor:
    """Owns one back end; used through `start_judges`."""

    def __init__(self, config: JudgeConfig) -> None:
        self._backend: Backend = BACKENDS[config.backend]()
        self._batcher: Batcher[VerdictRequest, dict[str, Any]] = Batcher(
            self._backend.judge, config.max_batch, config.max_wait_ms
        )

    async def verdicts(self, requests: list[VerdictRequest]) -> tuple[str, list[dict[str, Any] | BaseException]]:
        """(source, one raw verdict or exception per request)."""
        answers = await asyncio.gather(*map(self._batcher.ask, requests), return_exceptions=True)
        return self._backend.source, list(answers)

    async def ping(self) -> list[int]:
        """Sizes of the last batches."""
        return self._batcher.sizes


def start_judges(name: str, config: JudgeConfig, *, cpus: float, timeout_s: float) -> ActorPool:
    """A pool of judge actors."""
    return ActorPool.start(
        f"judge {name!r}", JudgeActor, (config,), config.actors, timeout_s, num_cpus=cpus, max_concurrency=1024
    )


class PooledJudge:
    """The judge a gym asks: gathers requests, calls the pool, validates, retries."""

    def __init__(self, pool: ActorPool, config: JudgeConfig) -> None:
        self._pool = pool
        self._config = config
        self._batcher: Batcher[VerdictRequest, tuple[str, dict[str, Any]]] = Batcher(self._send, config.max_batch, SEND_WAIT_MS)

    async def verdict(self, request: VerdictRequest) -> Verdict:
        """One valid verdict, or JudgeError."""
        policy = self._config.retry
        attempts = Attempts(policy)
        deadline = asyncio.get_running_loop().time() + policy.deadline_s
        failure: Failure
        cause: Exception
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    source, data = await self._batcher.ask(request)
                return validate_verdict(request, data, source)
            except TimeoutError as error:
                failure, cause = "deadline", error
            except ValueError as error:
                failure, cause = "invalid", error
            except (PoolError, ConnectionError) as error:
                failure, cause = "transport", error
            if not attempts.again(failure):
                raise JudgeError(failure, f"{request.kind}: {cause or policy.deadline_s}") from cause
            await asyncio.sleep(RETRY_PAUSE_S)

    async def _send(self, requests: list[VerdictRequest]) -> Sequence[tuple[str, dict[str, Any]] | Exception]:
        source, answers = await self._pool.call("verdicts", requests, timeout_s=self._config.retry.deadline_s)
        return [answer if isinstance(answer, Exception) else (source, answer) for answer in answers]


__all__ = ["BACKENDS", "Backend", "JudgeActor", "PooledJudge", "start_judges"]
