"""The rollout worker: an actor with an engine of its own that plays groups.

Invariants
- It pulls newer weights before it samples, so a restarted worker can never sample with the wrong version.
- It is the only writer of the rows of the episodes it plays.
- When its engine dies, running groups come back as rows with status `engine` and the actor ends; Ray starts a new one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from actors.config import EngineConfig, RolloutConfig
from actors.engine import ENVIRONMENT, Engine
from actors.engine_actor import PooledEngine, end_now, end_soon
from actors.judge_actor import PooledJudge
from actors.pool import ActorPool
from actors.rollout import Cast, GroupRequest, SpeakerFactory, run_group, scripted
from actors.speaker import Limits, PolicySpeaker, TokenService
from actors.transcript import Renderer
from envs.base import Speaker
from envs.speakers import ConstantSpeaker
from envs.tool import Wire, tool_schema
from rewards.config import JudgeConfig

ALL_CHOICES = ("action", "answer", "search", "finish")
"""What the tool offers in the prompt; each gym refuses what it has no use for."""


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """A policy as a worker needs it: where its weights and tokenizer lie, and how it talks."""

    name: str
    path: str
    wire: Wire = "bracket"
    history: Literal["keep", "strip"] = "keep"


@dataclass(frozen=True, slots=True)
class PartnerSpec:
    """One way to play the partner: a frozen policy behind engine actors, the gym's script, or a constant."""

    weight: float
    policy: PolicySpec | None = None
    engines: list[str] = field(default_factory=list)
    """Ray names of the engine actors of `policy`."""
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """Everything a rollout worker is made from."""

    agent: PolicySpec
    partners: dict[str, PartnerSpec]
    gym_params: dict[str, dict[str, Any]]
    max_turns: int
    rollout: RolloutConfig
    engine: EngineConfig
    judge: JudgeConfig
    judges: list[str]
    """Ray names of the judge actors."""


class RolloutWorker:
    """Plays groups; used through `start_workers`."""

    def __init__(self, spec: WorkerSpec) -> None:
        rollout = spec.rollout
        self._engine = Engine(
            spec.agent.name, spec.agent.path, spec.engine, max_context=rollout.max_context, max_sequences=rollout.concurrency
        )
        self._limit = asyncio.Semaphore(rollout.concurrency)
        self._pulling = asyncio.Lock()
        limits = Limits(rollout.max_turn_tokens, rollout.max_context)
        self._cast = Cast(
            acting=policy_factory(spec.agent, self._engine, limits),
            partners={name: (p.weight, _partner(p, spec, limits)) for name, p in spec.partners.items()},
            judge=PooledJudge(ActorPool.find("judge", spec.judges), spec.judge),
            gym_params=spec.gym_params,
            wire=spec.agent.wire,
            max_turns=spec.max_turns,
        )

    async def run_group(self, request: GroupRequest) -> pa.Table:
        """Play one group with weights at least as new as the request's."""
        if self._engine.dead:
            await end_now()
        try:
            await self._pull(request)
            return await run_group(request, self._cast, self._limit)
        finally:
            if self._engine.dead:
                end_soon()

    async def _pull(self, request: GroupRequest) -> None:
        version, reference = request.weights.get(self._engine.policy, (0, []))
        async with self._pulling:
            if version > self._engine.version:
                await self._engine.load(await reference[0])

    async def load(self, reference: list[Any]) -> int:
        """Take these weights whatever version is held: after a restore the right one may be older."""
        async with self._pulling:
            await self._engine.load(await reference[0])
        return self._engine.version

    async def ping(self) -> int:
        """The weights version held."""
        return self._engine.version


def policy_factory(spec: PolicySpec, service: TokenService, limits: Limits) -> SpeakerFactory:
    """Speakers of the acting policy, at the request's temperature and with weights at least as new as it names."""
    renderer = Renderer.load(spec.path, [tool_schema(ALL_CHOICES)] if spec.wire == "hermes" else [])

    def make(request: GroupRequest, seed: int) -> Speaker:
        return PolicySpeaker(
            spec.name,
            service,
            renderer,
            limits,
            temperature=request.temperature,
            seed=seed,
            history=spec.history,
            min_version=request.weights.get(spec.name, (0, []))[0],
        )

    return make


def partner_factory(spec: PolicySpec, service: TokenService, limits: Limits) -> SpeakerFactory:
    """Speakers of a frozen partner policy: no tools, its thoughts its own, and always temperature 1, since the task must
    stay the same task when the agent is evaluated greedily."""
    renderer = Renderer.load(spec.path)

    def make(request: GroupRequest, seed: int) -> Speaker:
        return PolicySpeaker(
            spec.name, service, renderer, limits, temperature=1.0, seed=seed, history=spec.history, shows_thinking=False
        )

    return make


def _partner(partner: PartnerSpec, spec: WorkerSpec, limits: Limits) -> SpeakerFactory:
    if partner.constant is not None:
        text = partner.constant
        return lambda request, seed: ConstantSpeaker(text)
    if partner.policy is None:
        return scripted("user")
    service = PooledEngine(ActorPool.find(f"engine of {partner.policy.name!r}", partner.engines), spec.engine)
    return partner_factory(partner.policy, service, limits)


def start_workers(spec: WorkerSpec, *, cpus: float, timeout_s: float) -> ActorPool:
    """The pool of rollout workers."""
    return ActorPool.start(
        "rollout worker",
        RolloutWorker,
        (spec,),
        spec.rollout.workers,
        timeout_s,
        num_cpus=cpus,
        num_gpus=spec.engine.gpus,
        max_task_retries=0,  # re-dispatch is the stream's decision
        max_concurrency=1024,
        runtime_env={"env_vars": ENVIRONMENT},
    )
