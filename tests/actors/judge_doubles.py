"""Judges that fail in every way a judge of a user's may; found by name, as `tests.actors.judge_doubles:Class`."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

from envs.base import VerdictRequest

GOOD = {"on_topic": True, "covered": [0]}


class Double:
    source = "double@1"

    async def judge(self, requests: list[VerdictRequest]) -> list[Any]:
        return [self.verdict(request) for request in requests]

    def verdict(self, request: VerdictRequest) -> Any:
        return GOOD


class Nonsense(Double):
    def verdict(self, request: VerdictRequest) -> Any:
        return {"on_topic": True, "covered": [99]}


class Prose(Double):
    def verdict(self, request: VerdictRequest) -> Any:
        return "certainly!"


class Buggy(Double):
    def verdict(self, request: VerdictRequest) -> Any:
        return KeyError("covered")


class Unsendable(Double):
    def verdict(self, request: VerdictRequest) -> Any:
        return {**GOOD, "lock": threading.Lock()}


class Disconnected(Double):
    def verdict(self, request: VerdictRequest) -> Any:
        return TimeoutError("the database is gone")


class Hangs(Double):
    async def judge(self, requests: list[VerdictRequest]) -> list[Any]:
        await asyncio.sleep(3600)
        return []


class Dies(Double):
    async def judge(self, requests: list[VerdictRequest]) -> list[Any]:
        os._exit(1)


class Nameless(Double):
    source = "double"


class Particular(Double):
    def __init__(self, strictness: float, *, note: str = "") -> None:
        self.strictness = strictness


def not_a_class() -> None:
    return


class NotAJudge:
    def judge(self) -> None:
        return
