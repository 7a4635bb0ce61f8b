"""The web back end against a real HTTP server: what it sends, and that whatever goes wrong raises and scores nothing."""

import json
import subprocess
import sys

import pytest
from loopback import DROPS, HANGS, Answer, serving
from search_cases import gym

from envs.search.backend import BackendError
from envs.search.grammar import read_results

RESULTS = [
    {"title": "Halsen", "snippet": "A town.\nIt is\t old."},
    {"title": "x" * 500, "snippet": "y" * 900},
    {"title": "Ulv"},
]


def web(server, **params):
    return gym(backend="web", url=f"{server.url}/chat/completions", **params)  # the one path that the server knows


async def test_a_search_is_one_post_with_the_key_in_a_header(monkeypatch):
    monkeypatch.setenv("PARLEY_TEST_SEARCH_KEY", "secret-key")
    body = json.dumps({"organic": [*RESULTS, {"title": "secret-key", "snippet": "late"}], "searchParameters": {}})
    with serving([Answer(body=body)]) as server:
        made = web(server, key_env="PARLEY_TEST_SEARCH_KEY", max_search_results=4)
        result = await made.step("[search] where is Halsen?")
        assert server.bodies == [{"q": "where is Halsen?", "num": 4}]
        assert {name.lower(): value for name, value in server.headers[0].items()}["x-api-key"] == "secret-key"
    found = read_results(result.feedback)
    assert (found[0].title, found[0].text) == ("Halsen", "A town. It is old.")
    assert (len(found[1].title), len(found[1].text)) == (100, 400)
    assert "secret-key" not in result.feedback and "secret-key" not in str(made.state())


async def test_no_more_results_than_asked_for():
    with serving([Answer(body=json.dumps({"organic": RESULTS}))]) as server:
        assert len((await web(server, max_search_results=1).step("[search] x")).feedback.splitlines()) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (HANGS, "did not answer within 0.2 s"),
        (DROPS, "cannot be reached"),
        (Answer(500, "oops secret-key"), "status 500"),
        (Answer(403, "{}"), "status 403"),
        (Answer(body="not json secret-key"), "not as expected"),
        (Answer(body='{"organic": {"title": 3}}'), "not as expected"),
        (Answer(body="{}"), "not as expected"),
    ],
)
async def test_what_goes_wrong_raises_and_changes_nothing(monkeypatch, answer, why):
    monkeypatch.setenv("PARLEY_TEST_SEARCH_KEY", "secret-key")
    with serving([answer]) as server:
        made = web(server, key_env="PARLEY_TEST_SEARCH_KEY", deadline_s=0.2 if answer.hang else 10.0)
        before = made.state()
        with pytest.raises(BackendError, match=why) as raised:
            await made.step("[search] Halsen")
        assert len(server.bodies) == 1, "it tries once"
    assert made.state() == before and "secret-key" not in str(raised.value)


async def test_nobody_listening_raises():
    with serving([Answer()]) as server:
        made = web(server)
    with pytest.raises(BackendError, match="cannot be reached"):
        await made.step("[search] Halsen")


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({}, "url is ''"),
        ({"url": "file:///etc/hosts"}, "http"),
        ({"url": "http://localhost", "deadline_s": 0.0}, "deadline_s"),
        ({"url": "http://localhost", "key_env": "PARLEY_TEST_NO_SUCH_KEY"}, "PARLEY_TEST_NO_SUCH_KEY"),
    ],
)
def test_wrong_settings_are_refused_when_the_gym_is_made(params, why):
    with pytest.raises(ValueError, match=why):
        gym(backend="web", **params)


def test_the_web_is_not_even_imported_unless_asked_for():
    made = "import envs, sys; envs.create('SearchGym', envs.ConstantSpeaker(''), envs.RuleJudge())"
    code = f"{made}; print('envs.search.web' in sys.modules, 'bm25s' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]
