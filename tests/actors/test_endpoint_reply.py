"""What an answer of a server means, how long it asks to wait, and when the next request may start: pure functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.endpoint_reply import PAUSE_S, EndpointError, failure_of, pause_of, reply_of, spoken
from actors.pace import Pace

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def error(message: str, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "code": code}})


@pytest.mark.parametrize(
    ("status", "body", "failure", "says"),
    [
        (429, error("slow down"), "transport", "slow down"),
        (429, error("You exceeded your current quota", "insufficient_quota"), "refused", "quota"),
        (500, "<html>oops</html>", "transport", "oops"),
        (503, json.dumps({"detail": "loading"}), "transport", "loading"),
        (408, "", "transport", "status 408"),
        (401, error("Incorrect API key"), "refused", "Incorrect API key"),
        (400, error("maximum context length is 2048"), "refused", "maximum context"),
        (404, json.dumps({"message": "no such model"}), "refused", "no such model"),
        (302, "moved", "refused", "status 302"),
        (400, json.dumps(["odd"]), "refused", "odd"),
    ],
)
def test_the_status_tells_what_asking_again_would_bring(status, body, failure, says):
    found = failure_of(status, body)
    assert found is not None
    assert found.failure == failure
    assert says in str(found)


def test_a_reply_with_its_tokens():
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "length"}], "usage": {"prompt_tokens": 3}}
    assert failure_of(200, json.dumps(body)) is None
    reply = reply_of(json.dumps(body))
    assert (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens) == ("hi", "length", 3, None)


def test_half_a_character_is_replaced():
    assert reply_of('{"choices": [{"message": {"content": "a\\ud800b \\ud83d\\ude00"}}]}').text == "a?b \U0001f600"


@pytest.mark.parametrize("body", ["", "hello", "[]", "{}", '{"choices": []}', '{"choices": [{"message": {"content": 7}}]}'])
def test_what_is_no_chat_completion_is_invalid(body):
    with pytest.raises(EndpointError) as caught:
        reply_of(body)
    assert caught.value.failure == "invalid"


def test_silence_is_no_answer():
    with pytest.raises(EndpointError) as caught:
        spoken(reply_of('{"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]}'))
    assert caught.value.failure == "invalid"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, PAUSE_S),
        ("7", 7.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 2026 00:01:00 -0000", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", PAUSE_S),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header, seconds):
    assert pause_of(header, NOW) == seconds


@given(st.lists(st.floats(0, 10), min_size=2, max_size=20), st.floats(1, 6000))
def test_starts_keep_their_distance(gaps: list[float], per_minute: float):
    pace, now, starts = Pace(per_minute), 0.0, []
    for gap in gaps:
        now += gap
        while (wait := pace.wait(now)) > 0:
            now += wait
        pace.start(now)
        starts.append(now)
    apart = [later - earlier for earlier, later in pairwise(starts)]
    assert min(apart) >= 60.0 / per_minute - 1e-6


def test_nothing_starts_in_a_pause_and_looking_takes_no_turn():
    pace = Pace(None)
    pace.start(5.0)
    pace.pause(9.0)
    pace.pause(7.0)
    assert [pace.wait(now) for now in (6.0, 6.0, 9.0)] == [3.0, 3.0, 0.0]
    with pytest.raises(ValueError, match="the next start is in 3 s"):
        pace.start(6.0)
