"""A user who takes a while to answer, as people and endpoints do: no processor is busy meanwhile.

How long is drawn from a log-normal distribution by episode and turn alone, so every run of the same episodes meets the same
pauses. It comes into a run as the only partner of a subclass of the rollout worker, which also notes what it drew.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from actors.rollout import GroupRequest, scripted
from actors.speaker import derived_seed
from actors.worker import RolloutWorker, WorkerSpec
from envs.base import Speaker, Utterance, View

MEDIAN_S = 0.2
SIGMA = 1.0
NAME = "slow user"

Played = tuple[int, int, int]
"""(how often the run went back before, group, episode's seed)"""


def pause(seed: int, turn: int) -> float:
    """Seconds before the answer of a turn."""
    return MEDIAN_S * math.exp(SIGMA * random.Random(derived_seed(seed, "pause", turn)).gauss(0.0, 1.0))


class SlowUser:
    """A speaker after a pause. `slept[key]` grows by each."""

    def __init__(self, speaker: Speaker, seed: int, slept: dict[Played, float], key: Played) -> None:
        self._speaker, self._seed, self._slept, self._key = speaker, seed, slept, key
        self._turn = 0

    async def speak(self, view: View) -> Utterance:
        seconds = pause(self._seed, self._turn)
        self._turn += 1
        self._slept[self._key] += seconds
        await asyncio.sleep(seconds)
        return await self._speaker.speak(view)


class SlowUserWorker(RolloutWorker):
    """A rollout worker all of whose conversations are with the gym's scripted user, slowed."""

    def __init__(self, spec: WorkerSpec) -> None:
        super().__init__(spec)
        self.slept: dict[Played, float] = defaultdict(float)
        self._cast = replace(self._cast, partners={NAME: (1.0, self._slow)})

    def _slow(self, request: GroupRequest, seed: int) -> Speaker:
        key = (request.weights["agent"].epoch, request.group_id, seed)
        return SlowUser(scripted("user")(request, seed), seed, self.slept, key)


@contextmanager
def slow_users() -> Iterator[None]:
    """Rollout workers that are started meanwhile are slow-user workers."""
    with patch("actors.worker.RolloutWorker", SlowUserWorker):
        yield


def slept(worker: Any) -> dict[Played, float]:
    """To be run inside a worker: what its users slept, per conversation."""
    return dict(worker.slept)
