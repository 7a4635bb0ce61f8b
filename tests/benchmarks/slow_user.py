"""A user who takes a while to answer, as people and endpoints do: no processor is busy meanwhile.

How long is drawn from a log-normal distribution by episode and turn alone, so every run of the same episodes meets the same
pauses. It comes into a run as the only partner of a subclass of the rollout worker, which also notes what it drew.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from actors.rollout import GroupRequest, scripted
from actors.speaker import derived_seed
from actors.worker import RolloutWorker, WorkerSpec
from envs.base import Speaker, Utterance, View

SIGMA = 1.0
NAME = "slow user"

Played = tuple[int, int, int]
"""(how often the run went back before, group, episode's seed)"""


def pause(median_s: float, seed: int, turn: int) -> float:
    """Seconds before the answer of a turn."""
    return median_s * math.exp(SIGMA * random.Random(derived_seed(seed, "pause", turn)).gauss(0.0, 1.0))


class SlowUser:
    """A speaker after a pause of its own for every turn; `slept` hears of each."""

    def __init__(self, speaker: Speaker, pauses: Iterator[float], slept: Callable[[float], None]) -> None:
        self._speaker, self._pauses, self._slept = speaker, pauses, slept

    async def speak(self, view: View) -> Utterance:
        seconds = next(self._pauses)
        self._slept(seconds)
        await asyncio.sleep(seconds)
        return await self._speaker.speak(view)


def slow_worker(median_s: float) -> type[RolloutWorker]:
    """A rollout worker all of whose conversations are with the gym's scripted user, slowed. Ray ships it by value."""

    class SlowUserWorker(RolloutWorker):
        def __init__(self, spec: WorkerSpec) -> None:
            super().__init__(spec)
            self.slept: dict[Played, float] = defaultdict(float)
            self._cast = replace(self._cast, partners={NAME: (1.0, self._slow)})

        def _slow(self, request: GroupRequest, seed: int) -> Speaker:
            key = (request.weights["agent"].epoch, request.group_id, seed)
            pauses = (pause(median_s, seed, turn) for turn in itertools.count())

            def slept(seconds: float) -> None:
                self.slept[key] += seconds

            return SlowUser(scripted("user")(request, seed), pauses, slept)

    return SlowUserWorker


@contextmanager
def slow_users(median_s: float) -> Iterator[None]:
    """Rollout workers that are started meanwhile are slow-user workers."""
    with patch("actors.worker.RolloutWorker", slow_worker(median_s)):
        yield


def slept(worker: Any) -> dict[Played, float]:
    """To be run inside a worker: what its users slept, per conversation."""
    return dict(worker.slept)
