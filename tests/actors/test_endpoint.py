"""The endpoint client against a real server on loopback: one try each, limits, cost, record and replay, and a secret key."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from loopback import DROPS, HANGS, Answer, failed, said, serving

from actors import endpoint_cache
from actors.endpoint import EndpointClient, EndpointError, Reply
from rewards.endpoint_config import EndpointConfig

BODY = {"messages": [{"role": "user", "content": "hello"}], "seed": 1}
KEY = "sk-very-secret-123"


def client(url: str, patience_s: float = 5.0, **settings: Any) -> EndpointClient:
    return EndpointClient(EndpointConfig(base_url=url, model="m", **settings), patience_s)


async def failure(asked: EndpointClient) -> EndpointError:
    with pytest.raises(EndpointError) as caught:
        await asked.complete(BODY)
    return caught.value


async def test_a_good_answer_is_counted_and_paid():
    with serving([said("hi")]) as server:
        asked = client(server.url, prompt_price=2.0, completion_price=50.0, extra={"top_k": 5, "seed": None})
        reply = await asked.complete(BODY)
    assert reply == Reply("hi", "stop", 100, 10)
    assert server.bodies == [{"model": "m", "messages": BODY["messages"], "top_k": 5}], "extra wins, and null leaves out"
    assert asked.counters() == {"requests": 1.0, "tokens": 110.0, "cost": pytest.approx(700 / 1e6)}


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (failed(401, "Incorrect API key provided"), "refused", "Incorrect API key"),
        (failed(500, "broken"), "transport", "broken"),
        (Answer(200, "nonsense"), "invalid", "nonsense"),
        (said(""), "invalid", "empty"),
        (HANGS, "transport", "no answer within 0.3 s"),
        (DROPS, "transport", "RemoteProtocolError"),
    ],
)
async def test_a_failure_says_its_kind_and_is_not_tried_again(answer, kind, says):
    with serving([answer]) as server:
        error = await failure(client(server.url, timeout_s=0.3 if answer is HANGS else 20))
    assert error.failure == kind
    assert says in str(error)
    assert kind == "invalid" or server.url.split("/")[2] in str(error), "which server it was"
    assert len(server.bodies) == 1


async def test_a_server_that_is_not_there():
    with serving([said("hi")]) as server:
        pass
    error = await failure(client(server.url))
    assert (error.failure, "ConnectError" in str(error)) == ("transport", True)


async def test_retry_after_holds_for_all_callers():
    with serving([failed(429, "slow", Retry_After="1"), said("hi")]) as server:
        asked = client(server.url)
        assert (await failure(asked)).failure == "transport"
        began = time.monotonic()
        await asyncio.gather(asked.complete(BODY), asked.complete(BODY))
        assert time.monotonic() - began > 0.9


async def test_who_waits_for_its_turn_waits_out_a_pause_that_begins_meanwhile():
    with serving([failed(429, "slow", Retry_After="0.8"), said("hi")]) as server:
        asked = client(server.url, requests_per_minute=300)
        await asyncio.gather(*(asked.complete(BODY) for _ in range(3)), return_exceptions=True)
    first, second, third = server.times
    assert second - first > 0.79
    assert third - first > 0.99, "the rate limit holds after the pause too"


async def test_a_pause_beyond_all_patience_fails_at_once():
    with serving([failed(503, "down", Retry_After="3600"), said("hi")]) as server:
        asked = client(server.url)
        await failure(asked)
        error = await asyncio.wait_for(failure(asked), timeout=5)
    assert error.failure == "transport"
    assert "3600 s" in str(error)
    assert len(server.bodies) == 1


async def test_limits_of_rate_and_concurrency():
    with serving([said("hi")]) as server:
        paced = client(server.url, requests_per_minute=1200)
        began = time.monotonic()
        await asyncio.gather(*(paced.complete(BODY) for _ in range(6)))
        assert time.monotonic() - began > 0.24, "50 ms between starts"
        narrow = client(server.url, max_concurrent=2)
        server.most_at_once = 0
        await asyncio.gather(*(narrow.complete(BODY) for _ in range(12)))
    assert server.most_at_once <= 2


def test_processes_share_limits_and_budget_equally():
    config = EndpointConfig(
        base_url="http://x", model="m", requests_per_minute=60, max_concurrent=5, prompt_price=1, max_cost=3
    )
    share = config.share(2)
    assert (share.requests_per_minute, share.max_concurrent, share.max_cost) == (30, 3, 1.5)
    assert EndpointConfig(base_url="http://x", model="m").share(4).max_cost is None


async def test_no_request_after_the_money_is_spent():
    with serving([said("hi", prompt_tokens=1_000_000)]) as server:
        asked = client(server.url, prompt_price=0.4, max_cost=1.0)
        for _ in range(3):
            await asked.complete(BODY)
        error = await failure(asked)
        assert len(server.bodies) == 3
    assert error.failure == "refused"
    assert "1.2 of 1, this process's share, is spent" in str(error)


async def test_a_budget_needs_a_server_that_reports_usage():
    with serving([Answer(body=json.dumps({"choices": [{"message": {"content": "hi"}}]}))]) as server:
        assert (await client(server.url).complete(BODY)).text == "hi"
        error = await failure(client(server.url, prompt_price=1.0, max_cost=1.0))
    assert (error.failure, "usage" in str(error)) == ("refused", True)


async def test_what_was_recorded_is_replayed_without_a_server(tmp_path: Path):
    cache = tmp_path / "sub" / "answers.jsonl"
    with serving([said("one"), said("two"), said("again")]) as server:
        recording = client(server.url, cache=cache, mode="record")
        await recording.complete(BODY)
        await recording.complete({**BODY, "seed": 2})
        await recording.complete(BODY)
    replaying = client(server.url, cache=cache, mode="replay", api_key_env="NOT_SET_ANYWHERE")
    assert (await replaying.complete({"seed": 1, **BODY})).text == "again", "the last answer is the one that was taken"
    assert (await replaying.complete({**BODY, "seed": 2})).text == "two"
    with pytest.raises(EndpointError, match="holds no answer to this request") as caught:
        await replaying.complete({**BODY, "seed": 3})
    assert caught.value.failure == "refused"
    assert replaying.counters()["requests"] == 0.0


WRITER = """
import sys
from pathlib import Path
from actors.endpoint_cache import append
from actors.endpoint_reply import Reply
path, worker = Path(sys.argv[1]), int(sys.argv[2])
for number in range(200):
    append(path, f"{worker}.{number}", Reply("x" * 5000, "stop", worker, number))
"""


def test_many_processes_append_whole_lines_and_a_torn_one_spoils_no_other(tmp_path: Path):
    path = tmp_path / "answers.jsonl"
    path.write_bytes(b'{"key": "torn", "te')
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(worker)]) for worker in range(4)]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    replies = endpoint_cache.read(path)
    assert len(replies) == 800
    assert replies["3.17"] == Reply("x" * 5000, "stop", 3, 17)


@pytest.mark.parametrize("line", ['{"text": "hi"}', "[]", '{"key": "a", "status": 3}'])
def test_a_file_of_something_else_is_not_replayed(line, tmp_path: Path):
    (tmp_path / "other.jsonl").write_text(line + "\n")
    with pytest.raises(ValueError, match=r"line 1 of .* is not a recorded answer"):
        endpoint_cache.read(tmp_path / "other.jsonl")


@pytest.mark.parametrize(
    "answer",
    [
        failed(401, f"wrong key {KEY}"),
        failed(500, KEY),
        Answer(200, f"<html>{KEY}"),
        Answer(302, KEY),
        said(f"hi {KEY}"),
        HANGS,
        DROPS,
    ],
)
async def test_the_key_is_sent_and_appears_nowhere_else(answer, tmp_path: Path, monkeypatch, caplog, capfd):
    monkeypatch.setenv("PARLEY_TEST_KEY", f" {KEY}\n")
    caplog.set_level(logging.DEBUG)
    cache = tmp_path / "answers.jsonl"
    with serving([answer]) as server:
        asked = client(server.url, api_key_env="PARLEY_TEST_KEY", cache=cache, mode="record", timeout_s=0.5)
        try:
            seen = repr(await asked.complete(BODY))
        except EndpointError as error:
            seen = "".join(traceback.format_exception(error)) + repr(error.__reduce__())
            assert error.__cause__ is None, "what httpx raises holds the request"
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    out, err = capfd.readouterr()
    shown = [seen, repr(asked), repr(asked._config), asked._config.model_dump_json(), caplog.text, out, err, cache.read_text()]
    assert [text for text in shown if KEY in text] == []


@pytest.mark.parametrize(("value", "says"), [(None, "is not set"), ("two words", "no API key"), ("schlüssel", "no API key")])
def test_a_key_that_cannot_be_sent_is_refused_before_anything_is(value, says, monkeypatch):
    if value is not None:
        monkeypatch.setenv("PARLEY_TEST_KEY", value)
    with pytest.raises(EndpointError, match=says) as caught:
        client("http://127.0.0.1:9/v1", api_key_env="PARLEY_TEST_KEY")
    assert value is None or value not in str(caught.value)
