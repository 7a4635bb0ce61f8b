"""A turn of a simulated user, judged by a model behind a real server: six calls at once, and what one that fails does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from judge_cases import pooled
from loopback import Answer, failed, said, serving

import envs
from envs.conversation import drive
from envs.usersim.rubric.dimensions import DIMENSIONS, RUBRICS
from rewards.config import JudgeConfig, RetryPolicy
from rewards.endpoint_config import EndpointConfig
from rewards.verdict import JudgeError


def behind(url: str) -> JudgeConfig:
    endpoint = EndpointConfig(base_url=url, model="judge")
    return JudgeConfig(
        backend="endpoint", endpoint=endpoint, max_tokens=512, retry=RetryPolicy(transport=1, invalid=1, deadline_s=20)
    )


def reads(body: dict[str, Any]) -> Answer:
    """Every check holds, none is proved: a 5 is too much."""
    asked = json.loads(body["messages"][1]["content"])
    letters = body["response_format"]["json_schema"]["schema"]["properties"]["checks"]["required"]
    quote = {"check": letters[0], "where": (part := next(iter(asked["user"]))), "quote": asked["user"][part][:10]}
    verdict = {
        "nonce": asked["nonce"],
        "checks": dict.fromkeys(letters, True),
        "evidence": [quote],
        "score": 5,
        "confidence": 1,
    }
    return said(json.dumps(verdict))


def without_nonce(body: dict[str, Any]) -> Answer:
    """A model that copies no nonce for one of the dimensions."""
    if "on one dimension alone: human" not in body["messages"][0]["content"]:
        return reads(body)
    return said('{"nonce": "0000000000000000", "checks": {}, "evidence": [], "score": 3, "confidence": 1}')


def started(judge: Any) -> tuple[envs.Gym, str]:
    """A call, and what the oracle says first."""
    gym = envs.make(
        "UserSimGym",
        task=envs.load("UserSimGym", "train")[0],
        partner=envs.scripted("UserSimGym", "agent", 0),
        judge=judge,
        rubric=True,
    )
    return gym, drive(envs.scripted("UserSimGym", "user", 0).speak(gym.first_view)).text


async def test_a_model_behind_an_endpoint_scores_a_turn():
    with serving(reads) as server:
        judge, _ = pooled(behind(server.url))
        gym, text = started(judge)
        result = await gym.step(text)
    assert len(server.bodies) == 6 and result.info["capped"] == list(DIMENSIONS)
    assert [result.rewards[dimension] for dimension in DIMENSIONS] == [0.75] * 6
    assert {result.sources[dimension] for dimension in DIMENSIONS} == {"judge@127.0.0.1"} == {result.sources["env"]}
    told = "".join(message["content"] for body in server.bodies for message in body["messages"])
    assert all(anchor in told for rubric in RUBRICS.values() for anchor in rubric.anchors)


@pytest.mark.parametrize("answers", [without_nonce, lambda body: failed(500, "broken")])
async def test_what_is_no_verdict_is_no_score(answers):
    with serving(answers) as server:
        judge, _ = pooled(behind(server.url))
        gym, text = started(judge)
        before = gym.state()
        with pytest.raises(JudgeError):
            await gym.step(text)
    assert gym.state() == before
