"""A user behind an endpoint: what it is sent, what it says, and what becomes of an episode when it does not answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loopback import HANGS, Answer, failed, said, serving

import envs
from actors.endpoint_reply import EndpointError
from actors.endpoint_speaker import SEEDS, EndpointSpeakers
from actors.rollout import Cast, GroupRequest, run_group
from actors.speaker import Limits
from envs.base import Message, View
from envs.closed import CHOICES
from envs.intention.baselines import Oracle
from rewards.config import RetryPolicy
from rewards.endpoint_config import EndpointConfig

TASK = envs.load("IntentionGym", "heldout")[0]
REQUEST = GroupRequest(TASK, 0, 0, (7,))
RETRY = RetryPolicy(transport=1, invalid=1, deadline_s=20)
FIRST = View("user", "You are a person.", (Message("user", "What is the date?"),))


def partner(url: str, retry: RetryPolicy = RETRY, **settings: Any) -> EndpointSpeakers:
    return EndpointSpeakers(EndpointConfig(base_url=url, model="user", **settings), retry, Limits(24, 512))


def then(text: str, **changes: Any) -> View:
    return replace(FIRST, messages=(Message("user", text),), **changes)


async def test_the_conversation_grows_and_thoughts_are_not_part_of_it():
    with serving([said("<think>june, red</think>\n\njune"), said("red")]) as server:
        speaker = partner(server.url)(REQUEST, 5)
        assert (await speaker.speak(FIRST)).text == "june"
        assert (await speaker.speak(then("What color?"))).text == "red"
    assert server.bodies[1]["messages"] == [
        {"role": "system", "content": "You are a person."},
        {"role": "user", "content": "What is the date?"},
        {"role": "assistant", "content": "june"},
        {"role": "user", "content": "What color?"},
    ]
    assert (server.bodies[0]["max_tokens"], server.bodies[0]["temperature"]) == (24, 1.0)


async def test_a_fresh_view_starts_anew_and_feedback_of_a_tool_is_heard():
    with serving([said("june")]) as server:
        speaker = partner(server.url)(REQUEST, 5)
        await speaker.speak(FIRST)
        await speaker.speak(View("user", "", (Message("tool", "Again?"),), fresh=True))
    assert server.bodies[1]["messages"] == [{"role": "user", "content": "Again?"}]


async def test_seeds_follow_from_episode_and_turn():
    with serving([said("june")]) as server:
        made = partner(server.url)
        for seed in (5, 5, 6):
            speaker = made(REQUEST, seed)
            await speaker.speak(FIRST)
            await speaker.speak(then("And?"))
    seeds = [body["seed"] for body in server.bodies]
    assert seeds[:2] == seeds[2:4]
    assert len(set(seeds)) == 4
    assert all(0 <= seed < SEEDS for seed in seeds)


async def test_a_cut_off_answer_says_so():
    with serving([said("june and", finish="length")]) as server:
        assert (await partner(server.url)(REQUEST, 5).speak(FIRST)).finish == "length"


CLOSED = View("user", "You think of a cat.", (Message("user", "Is it an animal?"),), choices=CHOICES, fresh=True)


async def test_a_closed_question_asks_for_one_of_its_answers_by_schema():
    with serving([said('{"answer": "Yes."}')]) as server:
        speaker = partner(server.url)(REQUEST, 5)
        assert (await speaker.speak(CLOSED)).text == "Yes."
        await speaker.speak(FIRST)
    body, free = server.bodies
    asked = body["response_format"]["json_schema"]
    assert (body["response_format"]["type"], asked["strict"]) == ("json_schema", True)
    assert asked["schema"]["properties"]["answer"]["enum"] == list(CHOICES) and asked["schema"]["required"] == ["answer"]
    assert "response_format" not in free, "free words stay free"
    assert free["messages"][-2:] == [{"role": "assistant", "content": "Yes."}, {"role": "user", "content": "What is the date?"}]


@pytest.mark.parametrize("text", ["Yes, it is.", "Maybe.", '"Yes."'])
async def test_a_server_that_knows_no_schema_answers_in_words(text):
    with serving([said(text)]) as server:
        assert (await partner(server.url)(REQUEST, 5).speak(CLOSED)).text == text


@pytest.mark.parametrize("text", ['{"answer": "Surely."}', '{"answer": "Ye', "{}", '{"answer": ["Yes."]}', '{"a": ' * 9999])
async def test_an_object_without_a_closed_answer_is_asked_for_again_and_then_an_error(text):
    with serving([said(text), said('{"answer": "No."}')]) as server:
        assert (await partner(server.url)(REQUEST, 5).speak(CLOSED)).text == "No."
    with serving([said(text)]) as server:
        with pytest.raises(EndpointError, match=r"invalid: not one of Yes\. No\. Maybe\."):
            await partner(server.url)(REQUEST, 5).speak(CLOSED)
        assert len(server.bodies) == 2


@pytest.mark.parametrize("gym", ["TelepathyGym", "TurtleGym"])
async def test_a_gym_of_closed_answers_asks_for_one(gym):
    def answer(body: dict[str, Any]) -> Answer:
        return said('{"answer": "No."}' if "response_format" in body else "I would rather not say.")

    with serving(answer) as server:
        task = envs.load(gym, "heldout")[0]
        made = envs.make(gym, task=task, partner=partner(server.url)(REQUEST, 5), judge=envs.RuleJudge())
        assert (await made.step("[action] Is it odd?")).feedback == "No."


async def play(made: EndpointSpeakers) -> dict[str, Any]:
    cast = Cast(
        acting=lambda request, seed: Oracle(seed),
        partners={"endpoint": (1.0, made)},
        judge=envs.RuleJudge(),
        gym_params={"IntentionGym": {}},
    )
    (row,) = (await run_group(REQUEST, cast, asyncio.Semaphore(4))).to_pylist()
    return row


def knows(body: dict[str, Any]) -> Answer:
    """Reads its profile and says everything in it: `slot value` pairs are what the oracle takes down."""
    details = {detail.description: (detail.slot, detail.value) for detail in TASK.hidden.details}
    asked = body["messages"][-1]["content"]
    told = [f"{slot} {value}" for name, (slot, value) in details.items() if slot in asked or name in asked]
    return said(". ".join(told) or "Hm.")


async def test_an_episode_with_a_user_behind_an_endpoint_is_played_to_the_end():
    with serving(knows) as server:
        made = partner(server.url)
        row = await play(made)
    assert (row["status"], row["opponent"], row["score"], row["success"]) == ("ok", "endpoint", 1.0, True)
    assert made.client.counters()["requests"] == len(server.bodies) == len(row["turns"]) - 1
    assert TASK.visible.request in server.bodies[0]["messages"][0]["content"]


async def test_a_short_failure_is_bridged():
    flaky = [failed(503, "loading", Retry_After="0")]

    def answer(body: dict[str, Any]) -> Answer:
        return flaky.pop() if flaky else knows(body)

    with serving(answer) as server:
        assert (await play(partner(server.url)))["score"] == 1.0


@pytest.mark.parametrize(
    ("answer", "says", "requests"),
    [
        (failed(500, "broken"), "status 500: broken", 2),
        (failed(401, "wrong key"), "status 401: wrong key", 1),
        (said(None), "endpoint invalid", 2),
        (HANGS, "endpoint deadline: no answer within 0.5 s", 1),
    ],
)
async def test_a_user_that_does_not_answer_masks_the_episode(answer, says, requests):
    retry = RETRY.model_copy(update={"deadline_s": 0.5}) if answer is HANGS else RETRY
    with serving([answer]) as server:
        row = await play(partner(server.url, retry))
        assert len(server.bodies) == requests
    assert (row["status"], row["score"], row["success"]) == ("endpoint", None, None)
    assert says in json.loads(row["state"])["error"]


async def test_a_recorded_user_says_the_same_again_without_a_server(tmp_path: Path):
    cache = tmp_path / "user.jsonl"
    with serving(knows) as server:
        recorded = await play(partner(server.url, cache=cache, mode="record"))
    replayed = await play(partner(server.url, cache=cache, mode="replay"))
    assert replayed == recorded
    assert replayed["score"] == 1.0
