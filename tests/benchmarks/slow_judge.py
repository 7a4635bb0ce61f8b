"""A judge like one model on one device: one call at a time, which takes as long for one request as for many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from actors.judges.rules import RulesBackend
from envs.base import VerdictRequest


class SlowJudge(RulesBackend):
    """The rules, after a pause in which nothing is computed."""

    source = "slow@1"

    def __init__(self, call_s: float) -> None:
        self._call_s = call_s
        self._device = asyncio.Lock()

    async def judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]:
        """One raw verdict per request."""
        async with self._device:
            await asyncio.sleep(self._call_s)
        return await super().judge(requests)
