"""A judge that is a model in this process: it reads the kind's prompt and writes under the kind's schema.

Invariants
- It decodes greedily, so the same request gets the same answer, whatever else is in the batch.
- Its answer is JSON of the kind's schema, unless `max_tokens` cut it off.
- When its engine dies the actor ends: waiting calls fail with the cause, and Ray starts a new one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actors.config import EngineConfig
from actors.engine import Engine, EngineDead, Sampling
from actors.engine_actor import end_now, end_soon
from actors.judges.base import decodable, parsed
from actors.model_folder import fingerprint
from actors.transcript import Renderer
from envs.base import VerdictRequest
from envs.verdicts import kind_of
from rewards.config import JudgeConfig
from rewards.verdict import Unanswered

POLICY = "judge"


class VLLMBackend:
    """Owns an engine: one per process."""

    def __init__(self, config: JudgeConfig, model: str, engine: EngineConfig) -> None:
        self.source = f"{Path(model).name}@{fingerprint(Path(model))}"
        self._config = config
        self._renderer = Renderer.load(model)
        self._engine = Engine(POLICY, model, engine, max_context=config.max_context, max_sequences=config.max_batch)

    async def judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]:
        """All requests are in the engine at once."""
        if self._engine.dead:
            await end_now()
        answers = await asyncio.gather(*map(self._verdict, requests))
        if self._engine.dead:
            end_soon()
        return answers

    def counters(self) -> dict[str, Any]:
        """See `Engine.vitals`."""
        vitals = self._engine.vitals()
        return {name: vitals[name] for name in ("tokens", "busy_s")}

    async def _verdict(self, request: VerdictRequest) -> dict[str, Any] | Exception:
        try:
            kind = kind_of(request)
            ids = list(self._renderer.opening(kind.prompt(request)))
            schema = json.dumps(decodable(kind.schema(request)))
            return parsed(await self._answer(ids, schema))
        except Exception as error:  # belongs to this request, not to its neighbours in the batch
            return error

    async def _answer(self, ids: list[int], schema: str) -> str:
        config = self._config
        if len(ids) + config.max_tokens > config.max_context:
            raise Unanswered("refused", f"{len(ids)} prompt + {config.max_tokens} tokens do not fit the judge's max_context")
        sampling = Sampling(0.0, config.max_tokens, 0, (self._renderer.end,), schema)
        try:
            completion = await self._engine.generate(POLICY, ids, sampling)
        except EngineDead as error:
            raise Unanswered("transport", str(error)) from error
        if completion.finish == "length":
            raise ValueError(f"cut off after {config.max_tokens} tokens")
        return self._renderer.decode(completion.tokens)
