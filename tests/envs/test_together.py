"""Conversations that go on side by side do not wait for each other."""

from __future__ import annotations

import asyncio

import pytest
from gym_contract import acting, partner, tasks

import envs
from envs.base import Speaker, Utterance, View
from envs.conversation import converse

TOGETHER = 64
DEADLINE_S = 30.0


class Sleeper:
    """Says nothing until it is woken."""

    def __init__(self, speaker: Speaker) -> None:
        self.woken = asyncio.Event()
        self._speaker = speaker

    async def speak(self, view: View) -> Utterance:
        await self.woken.wait()
        return await self._speaker.speak(view)


ALONE = {"FunctionGym", "SearchGym"}
"""Gyms in which nobody else speaks."""


@pytest.mark.parametrize("name", sorted({*envs.gyms()} - ALONE))
async def test_a_user_that_sleeps_holds_up_nobody_else(name):
    sleeper = Sleeper(partner(name))
    running = []
    for seed in range(TOGETHER):
        task = tasks(name)[seed % len(tasks(name))]
        gym = envs.make(name, task=task, partner=sleeper if seed == 0 else partner(name, seed), judge=envs.RuleJudge())
        running.append(asyncio.create_task(converse(gym, gym.first_view, envs.scripted(name, acting(name), seed))))
    slow, *others = running
    done, waiting = await asyncio.wait(others, timeout=DEADLINE_S)
    assert not waiting and not slow.done()
    sleeper.woken.set()
    assert (await asyncio.wait_for(slow, DEADLINE_S)).score > 0
    assert sum(played.result().score for played in done) >= 0.9 * len(done)
