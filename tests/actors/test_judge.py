"""The pooled judge against doubles of a pool, and the real judge actor on Ray."""

from __future__ import annotations

import asyncio
import os
import pickle
from typing import Any

import pytest

from actors.judge_actor import PooledJudge, start_judges
from actors.judge_stats import WINDOW, JudgeStats
from actors.judges.base import Failed
from actors.pool import ActorPool, PoolError
from envs.base import VerdictRequest
from envs.intention.verdict import CoverageRequest, CoverageVerdict, Topic
from rewards.config import JudgeConfig, RetryPolicy
from rewards.verdict import Attempts, JudgeError

GOOD = {"kind": "intention.coverage", "on_topic": True, "covered": [0]}
TOPIC = Topic(description="date", importance=3, inquiries=("What is the date?",))
REQUEST = CoverageRequest(request="a trip", utterance="What is the date?", remaining=(TOPIC,))


class ScriptedPool:
    """Stands where judge actors would die, lie or hang; each call takes the next answer."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    async def call(self, method: str, requests: list[VerdictRequest], *, timeout_s: float) -> tuple[str, list[Any]]:
        answer = self.answers.pop(0)
        if answer == "hang":
            await asyncio.sleep(60)
        if isinstance(answer, Exception):
            raise answer
        return "test@1", [answer] * len(requests)


def judge(*answers: Any, **policy: Any) -> PooledJudge:
    config = JudgeConfig(retry=RetryPolicy(**{"deadline_s": 0.3, **policy}))
    return PooledJudge(ScriptedPool(*answers), config)  # type: ignore[arg-type]


async def test_a_valid_verdict_carries_its_source():
    verdict = await judge(GOOD).verdict(REQUEST)
    assert isinstance(verdict, CoverageVerdict)
    assert (verdict.covered, verdict.source) == ((0,), "test@1")


async def test_transport_errors_are_tried_again_as_often_as_the_policy_says():
    dead = PoolError("judge[0] died")
    assert (await judge(dead, dead, GOOD, transport=2).verdict(REQUEST)).source == "test@1"
    with pytest.raises(JudgeError, match="died") as caught:
        await judge(dead, dead, GOOD, transport=1).verdict(REQUEST)
    assert caught.value.failure == "transport"


async def test_an_invalid_verdict_is_asked_for_once_more_and_never_guessed():
    nonsense = {**GOOD, "covered": [7]}
    assert (await judge(nonsense, GOOD).verdict(REQUEST)).source == "test@1"
    with pytest.raises(JudgeError) as caught:
        await judge(nonsense, nonsense).verdict(REQUEST)
    assert caught.value.failure == "invalid"


async def test_a_judge_that_hangs_is_given_up_at_the_deadline():
    asked = judge("hang")
    with pytest.raises(JudgeError) as caught:
        await asyncio.wait_for(asked.verdict(REQUEST), timeout=5)
    assert caught.value.failure == "deadline"
    assert asked.stats()["deadline"] == 1.0


async def test_the_deadline_names_what_went_wrong_before():
    dead = PoolError("judge[0] died")
    with pytest.raises(JudgeError, match=r"the last try: .*died") as caught:
        await asyncio.wait_for(judge(dead, "hang").verdict(REQUEST), timeout=5)
    assert caught.value.failure == "deadline"


async def test_a_refusal_is_final():
    with pytest.raises(JudgeError, match="wrong key") as caught:
        await judge(Failed("refused", "wrong key"), GOOD).verdict(REQUEST)
    assert caught.value.failure == "refused"


def test_attempts_are_counted_by_kind_of_failure():
    attempts = Attempts(RetryPolicy(transport=1, invalid=1))
    failures = ("transport", "invalid", "transport", "deadline", "refused")
    assert [attempts.again(failure) for failure in failures] == [True, True, False, False, False]


def test_a_failure_survives_the_way_to_another_process():
    copy = pickle.loads(pickle.dumps(JudgeError("deadline", "too late")))
    assert (type(copy), copy.failure, copy.detail, str(copy)) == (
        JudgeError,
        "deadline",
        "too late",
        "judge deadline: too late",
    )


async def test_tries_and_failures_are_counted_apart():
    nonsense, dead = {**GOOD, "covered": [7]}, PoolError("judge[0] died")
    asked = judge(dead, nonsense, GOOD, GOOD, dead, dead, dead, deadline_s=5)
    await asked.verdict(REQUEST)
    await asked.verdict(REQUEST)
    with pytest.raises(JudgeError):
        await asked.verdict(REQUEST)
    counted = asked.stats()
    assert 0 <= counted.pop("latency_p50_ms") <= counted.pop("latency_p95_ms")
    assert counted == {
        "requests": 3.0,
        "verdicts": 2.0,
        "transport": 1.0,
        "invalid": 0.0,
        "deadline": 0.0,
        "refused": 0.0,
        "retried_transport": 3.0,
        "retried_invalid": 1.0,
        "retried": 4.0,
    }


def test_latencies_are_those_of_the_last_verdicts():
    stats = JudgeStats()
    assert stats.to_dict()["latency_p95_ms"] == 0.0
    for seconds in [9.0] * WINDOW + [number / WINDOW for number in range(WINDOW)]:
        stats.decided(seconds)
    assert stats.to_dict()["latency_p50_ms"] == pytest.approx(500.0, abs=3)
    assert stats.to_dict()["latency_p95_ms"] == pytest.approx(950.0, abs=3)


def test_the_judge_actor_batches_what_comes_together(ray_cluster: None):
    config = JudgeConfig(max_batch=16, max_wait_ms=20)
    pool = start_judges("test", config, cpus=0.1, timeout_s=60)

    async def ask() -> list[Any]:
        judge = PooledJudge(ActorPool("judge", pool.handles), config)
        return await asyncio.gather(*(judge.verdict(REQUEST) for _ in range(40)))

    verdicts = asyncio.run(ask())
    vitals = asyncio.run(ActorPool("judge", pool.handles).call("ping", timeout_s=30))
    pool.close()
    assert [verdict.covered for verdict in verdicts] == [(0,)] * 40
    assert vitals["batch_mean"] > 1
    assert (vitals["pending"], vitals["done"]) == ({"verdicts": 0}, {"verdicts": 40})
    assert vitals["pid"] != os.getpid()
    assert {verdict.source for verdict in verdicts} == {"rules@1"}


def test_a_killed_judge_comes_back_and_the_verdict_with_it(ray_cluster: None):
    import ray

    config = JudgeConfig(retry=RetryPolicy(transport=5, deadline_s=60))
    pool = start_judges("test", config, cpus=0.1, timeout_s=60)
    ray.kill(pool.handles[0], no_restart=False)

    async def ask() -> Any:
        return await PooledJudge(ActorPool("judge", pool.handles), config).verdict(REQUEST)

    verdict = asyncio.run(ask())
    pool.close()
    assert verdict.covered == (0,)
