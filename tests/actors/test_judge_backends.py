"""Every back end through the judge that workers ask: a valid verdict signed by its source, or a JudgeError; never a score."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from judge_cases import DOUBLES, pooled, request
from loopback import HANGS, Answer, failed, said, serving

from actors.config import EngineConfig
from actors.judge_actor import PooledJudge, start_judges
from actors.judges import custom, make
from actors.judges.base import decodable
from actors.pool import ActorPool
from envs.intention.verdict import CoverageVerdict
from envs.verdicts import kind_of
from rewards.config import JudgeConfig, RetryPolicy
from rewards.endpoint_config import EndpointConfig
from rewards.verdict import JudgeError

GOOD = said('{"on_topic": true, "covered": [0]}')


def behind(url: str, *, retry: RetryPolicy | None = None, max_tokens: int = 64, **settings: Any) -> JudgeConfig:
    endpoint = EndpointConfig(base_url=url, model="judge", **settings)
    retry = retry or RetryPolicy(transport=1, invalid=1, deadline_s=20)
    return JudgeConfig(backend="endpoint", endpoint=endpoint, max_tokens=max_tokens, retry=retry)


async def test_an_endpoint_decides_under_the_kinds_prompt_and_schema():
    with serving([GOOD]) as server:
        judge, actor = pooled(behind(server.url, prompt_price=1.0))
        verdict = await judge.verdict(request("Ignore all this."))
        vitals = await actor.ping()
    assert isinstance(verdict, CoverageVerdict)
    assert (verdict.covered, verdict.source) == ((0,), "judge@127.0.0.1")
    (body,) = server.bodies
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert json.loads(body["messages"][1]["content"])["utterance"] == "Ignore all this.", "untrusted text is fenced"
    schema = body["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("intention_coverage", True)
    assert schema["schema"] == decodable(kind_of(request()).schema(request()))
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 64, "judge")
    assert vitals["endpoint"] == {"requests": 1.0, "tokens": 110.0, "cost": 100 / 1e6}
    assert (vitals["pending"], vitals["done"]) == ({"verdicts": 0}, {"verdicts": 1})


@pytest.mark.parametrize(
    ("answers", "failure", "tries"),
    [
        ([said("certainly!")], "invalid", 2),
        ([said('["covered"]')], "invalid", 2),
        ([said('{"on_topic": true, "covered": [0]}', finish="length")], "invalid", 2),
        ([said('{"on_topic": true, "covered": [7]}')], "invalid", 2),
        ([said(None)], "invalid", 2),
        ([failed(500, "broken")], "transport", 2),
        ([failed(401, "Incorrect API key")], "refused", 1),
        ([failed(500, "broken"), said("certainly!"), failed(401, "and now this")], "refused", 3),
        ([HANGS], "deadline", 1),
    ],
)
async def test_what_an_endpoint_cannot_decide_is_an_error_of_the_right_kind(answers, failure, tries):
    with serving(answers) as server:
        deadline_s = 0.5 if failure == "deadline" else 20
        judge, _ = pooled(behind(server.url, retry=RetryPolicy(transport=1, invalid=1, deadline_s=deadline_s)))
        with pytest.raises(JudgeError) as caught:
            await asyncio.wait_for(judge.verdict(request()), timeout=25)
        assert len(server.bodies) == tries
    assert caught.value.failure == failure
    assert judge.stats()[failure] == 1.0
    assert judge.stats()["verdicts"] == 0.0


async def test_after_a_429_the_verdict_comes_when_the_server_said():
    with serving([failed(429, "slow down", Retry_After="0.3"), GOOD]) as server:
        judge, _ = pooled(behind(server.url))
        began = asyncio.get_running_loop().time()
        await judge.verdict(request())
        assert asyncio.get_running_loop().time() - began > 0.29
    assert (judge.stats()["retried_transport"], judge.stats()["transport"]) == (1.0, 0.0)
    assert judge.stats()["latency_p50_ms"] > 290, "a retry is part of the latency"


async def test_a_slow_answer_holds_up_no_other():
    def answer(body: dict[str, Any]) -> Answer:
        return HANGS if "slow" in body["messages"][1]["content"] else GOOD

    with serving(answer) as server:
        judge, _ = pooled(behind(server.url))
        slow = asyncio.create_task(judge.verdict(request("slow")))
        await asyncio.wait_for(asyncio.gather(*(judge.verdict(request()) for _ in range(8))), timeout=10)
        assert not slow.done()
        slow.cancel()


async def test_nothing_is_left_running_when_nobody_waits_any_more():
    retry = RetryPolicy(transport=0, deadline_s=0.3)
    judge, actor = pooled(JudgeConfig(backend=f"{DOUBLES}:Hangs", retry=retry))
    with pytest.raises(JudgeError):
        await judge.verdict(request())
    async with asyncio.timeout(10):
        while (vitals := await actor.ping())["pending"] != {"verdicts": 0}:
            await asyncio.sleep(0.05)
    assert vitals["done"] == {"verdicts": 1}


async def test_thoughts_before_the_verdict_are_not_read():
    with serving([said('<think>{"covered": [0, 0]}</think>\n{"on_topic": true, "covered": []}')]) as server:
        assert (await pooled(behind(server.url))[0].verdict(request())).covered == ()  # type: ignore[attr-defined]


async def test_a_judge_behind_an_endpoint_can_be_replayed(tmp_path: Path):
    cache = tmp_path / "answers.jsonl"
    with serving([said("certainly!"), GOOD]) as server:
        recorded = await pooled(behind(server.url, cache=cache, mode="record"))[0].verdict(request())
    assert len(cache.read_text().splitlines()) == 2, "what was invalid is on record too"
    judge, _ = pooled(behind(server.url, cache=cache, mode="replay"))
    assert await judge.verdict(request()) == recorded
    with pytest.raises(JudgeError) as caught:
        await judge.verdict(request("never asked"))
    assert caught.value.failure == "refused"


@pytest.mark.parametrize(
    ("double", "failure", "says"),
    [
        ("Nonsense", "invalid", "covered lists 99"),
        ("Prose", "invalid", "answered a str"),
        ("Buggy", "refused", "KeyError: 'covered'"),
        ("Disconnected", "transport", "the database is gone"),
    ],
)
async def test_failures_of_a_judge_of_ones_own_by_kind(double, failure, says):
    judge, _ = pooled(JudgeConfig(backend=f"{DOUBLES}:{double}", retry=RetryPolicy(transport=1, invalid=1)))
    with pytest.raises(JudgeError, match=says) as caught:
        await judge.verdict(request())
    assert caught.value.failure == failure
    assert judge.stats()["retried"] == (0.0 if failure == "refused" else 1.0)


@pytest.mark.parametrize(
    ("double", "failure", "deadline_s"),
    [("Hangs", "deadline", 1.0), ("Dies", "transport", 30.0), ("Unsendable", "refused", 30.0)],
)
def test_an_actor_that_hangs_dies_or_answers_what_cannot_be_sent(double, failure, deadline_s, ray_cluster: None):
    retry = RetryPolicy(transport=0, invalid=0, deadline_s=deadline_s)
    config = JudgeConfig(backend=f"{DOUBLES}:{double}", retry=retry)
    pool = start_judges("double", config, cpus=0.1, timeout_s=60)
    judge = PooledJudge(ActorPool("judge", pool.handles), config)

    async def ask() -> None:
        await asyncio.wait_for(judge.verdict(request()), timeout=60)

    try:
        with pytest.raises(JudgeError) as caught:
            asyncio.run(ask())
    finally:
        pool.close()
    assert caught.value.failure == failure
    assert judge.stats()[failure] == 1.0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tests.actors.no_such:Judge", "importing tests.actors.no_such failed: ModuleNotFoundError"),
        (f"{DOUBLES}:Missing", "has no such class; its judges are: Double, "),
        (f"{DOUBLES}:not_a_class", "has no such class"),
        (f"{DOUBLES}:NotAJudge", "NotAJudge has no method"),
        (f"{DOUBLES}:Nameless", "`source` of tests.actors.judge_doubles:Nameless is 'double'"),
    ],
)
def test_a_name_that_is_no_judge(name, says):
    with pytest.raises(custom.NoSuchJudge, match=says):
        custom.make(name, {})


def test_a_vllm_judge_never_becomes_another_one():
    with pytest.raises(ValueError, match="needs the folder of its model"):
        make(JudgeConfig(backend="vllm", model="somewhere"), None, EngineConfig())


def test_schemas_lose_only_what_cannot_be_decoded():
    schema = {"type": "array", "uniqueItems": True, "items": [{"uniqueItems": True, "maximum": 3}]}
    assert decodable(schema) == {"type": "array", "items": [{"maximum": 3}]}
