"""Requests, and a pool in this process, for tests of judges."""

from __future__ import annotations

from typing import Any

from actors.judge_actor import JudgeActor, PooledJudge
from envs.base import VerdictRequest
from envs.intention.verdict import CoverageRequest, Topic
from rewards.config import JudgeConfig

DOUBLES = "tests.actors.judge_doubles"
TEXTS = ["user\nWhat is the date?\n", "assistant\n[action] Which color do you want?\n", "[answer] date june; color red\n"] * 20
"""What a tiny judge's tokenizer is trained on."""


def request(utterance: str = "What is the date?", topics: int = 1) -> CoverageRequest:
    names = ("date", "color", "size", "place", "price", "time")[:topics]
    remaining = tuple(Topic(description=name, importance=3, inquiries=(f"What is the {name}?",)) for name in names)
    return CoverageRequest(request="a trip", utterance=utterance, remaining=remaining)


class LocalPool:
    """Stands for the actors: one judge actor, called without Ray."""

    def __init__(self, actor: JudgeActor) -> None:
        self.actor = actor

    async def call(self, method: str, requests: list[VerdictRequest], *, timeout_s: float) -> Any:
        return await getattr(self.actor, method)(requests)


def pooled(config: JudgeConfig) -> tuple[PooledJudge, JudgeActor]:
    actor = JudgeActor(config)
    return PooledJudge(LocalPool(actor), config), actor  # type: ignore[arg-type]
