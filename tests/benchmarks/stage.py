"""The actor of the rollout benchmark: an engine, and three ways to spend it.

`play` is what a rollout worker does: conversations through `actors.rollout.run_group`. `bare` gives the same vLLM engine the
prompts of a play, all at once, and lets it write as many tokens to each. `loop` is a play whose engine answers at once what
it answered before: what the loop itself costs.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import envs
from actors.acting import PolicySpec
from actors.config import EngineConfig, RolloutConfig
from actors.engine import Completion, Engine, Sampling
from actors.engine_actor import PooledEngine
from actors.pool import ActorPool
from actors.rollout import Cast, GroupRequest, run_group, scripted
from actors.speaker import Limits, TokenService
from actors.worker import partner_factory, policy_factory
from rewards.trajectory import OK

Spoken = tuple[list[int], Sampling, Completion]


class Tape:
    """A token service whose answers are kept."""

    def __init__(self, service: TokenService) -> None:
        self._service = service
        self.spoken: list[Spoken] = []

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        completion = await self._service.generate(policy, ids, sampling, min_version)
        self.spoken.append((ids, sampling, completion))
        return completion


class Playback:
    """Answers at once what was answered before; seeds are those of episode and turn, so they name a request."""

    def __init__(self) -> None:
        self.answers: dict[int, Completion] = {}

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion:
        return self.answers[sampling.seed]


@dataclass(frozen=True, slots=True)
class Played:
    """Seconds for the same requests three ways; `loop_s` only without a user model."""

    play_s: float
    bare_s: float
    loop_s: float | None
    turns: int
    tokens: int


class Stage:
    """Made for a number of conversations at once."""

    def __init__(
        self,
        agent: PolicySpec,
        user: PolicySpec,
        engines: Sequence[str],
        rollout: RolloutConfig,
        engine: EngineConfig,
        gym_params: dict[str, dict[str, Any]],
        conversations: int,
    ) -> None:
        """`engines` are the Ray names of the user model's."""
        self._engine = Engine(agent.name, agent.path, engine, max_context=rollout.max_context, max_sequences=conversations)
        limits = Limits(rollout.max_turn_tokens, rollout.max_context)
        pooled = PooledEngine(ActorPool.find("engine of the user", engines), engine) if engines else None
        model = {"user model": (1.0, partner_factory(user, pooled, limits))} if pooled is not None else {}
        partners = {"scripted user": (1.0, scripted("user")), **model}
        self._tape, self._playback = Tape(self._engine), Playback()
        self._live, self._dry = (
            Cast(policy_factory(agent, service, limits), partners, envs.RuleJudge(), gym_params, agent.wire)
            for service in (self._tape, self._playback)
        )
        self._conversations = conversations
        self._numbers = itertools.count()

    async def measure(self, requests: list[GroupRequest], partner: str) -> Played:
        """All ways over the same requests."""
        self._tape.spoken = []
        self._engine._loads += 1  # as after an update: no prefix is cached yet
        play_s = await self._play(requests, self._live, partner)
        spoken = self._tape.spoken
        bare_s = await self._engine._call(lambda: self._bare(spoken))
        loop_s = None
        if partner == "scripted user":
            self._playback.answers = {sampling.seed: completion for _, sampling, completion in spoken}
            loop_s = await self._play(requests, self._dry, partner)
        return Played(play_s, bare_s, loop_s, len(spoken), sum(len(said.tokens) for _, _, said in spoken))

    async def _play(self, requests: list[GroupRequest], cast: Cast, partner: str) -> float:
        limit = asyncio.Semaphore(self._conversations)
        asked = [GroupRequest(r.task, r.group_id, r.attempt, r.seeds, r.temperature, partner) for r in requests]
        began = time.perf_counter()
        tables = await asyncio.gather(*(run_group(request, cast, limit) for request in asked))
        seconds = time.perf_counter() - began
        assert {status for table in tables for status in table["status"].to_pylist()} == {OK}
        return seconds

    def _bare(self, spoken: list[Spoken]) -> float:
        """On the engine thread: vLLM's own loop, with the sampling parameters of `actors.engine` and lengths fixed."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        engine, salt, tokens = self._engine._engine, f"bare {next(self._numbers)}", 0
        began = time.perf_counter()
        for number, (ids, sampling, said) in enumerate(spoken):
            params = SamplingParams(
                temperature=sampling.temperature,
                max_tokens=len(said.tokens),
                ignore_eos=True,
                seed=sampling.seed,
                logprobs=0,
                detokenize=False,
                output_kind=RequestOutputKind.FINAL_ONLY,
            )
            engine.add_request(f"{salt} {number}", {"prompt_token_ids": ids, "cache_salt": salt}, params)
        while engine.has_unfinished_requests():
            tokens += sum(len(output.outputs[0].token_ids) for output in engine.step() if output.finished)
        seconds = time.perf_counter() - began
        assert tokens == sum(len(said.tokens) for _, _, said in spoken)
        return seconds
