"""`parley teach` against a real server: what is kept, what fails, what it may cost, and that a kill costs no episode twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from loopback import Answer, failed, said, serving
from served_user import ASKS
from teach_cases import expert, taught
from test_cli import parley

from actors.config import PolicyConfig
from actors.endpoint_reply import Reply
from cluster.config import Config, parse
from cluster.config.sft import SourceConfig
from cluster.errors import RunFailed, UserError
from cluster.imitation import conversation_file
from cluster.imitation.work_folder import LOG, read_log
from cluster.start.prepare import prepare_role
from cluster.teach.account import COLUMNS, Account, markdown
from cluster.teach.command import check, run
from cluster.teach.store import Store, opened
from cluster.teach.teach import made_of, plan
from cluster.terminal.selection import Filters, select

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "teach.yaml"
DEADLINE_S = 60.0


def teach(config: Config, out: Path, *, resume: bool = False) -> Account:
    return run(config, check(config), out, resume=resume)


def lessons(out: Path) -> list[Any]:
    return conversation_file.read(SourceConfig(file=out / "sharegpt.jsonl"))


def test_a_teacher_behind_a_server_leaves_samples_trajectories_and_an_account(tmp_path: Path):
    with serving(expert) as server:
        made = teach(taught(server.url, tmp_path, {"prompt_price": 1, "completion_price": 2}), tmp_path / "out")
        calls = len(server.bodies)
        assert server.most_at_once <= 4
    gym = made.gyms["IntentionGym"]
    assert (gym["tasks"], gym["played"], gym["mean_score"], made.planned) == (5, 15, 1.0, 15)
    assert 5 <= gym["kept"] <= 10 and gym["kept"] + gym["duplicate"] + gym["near_duplicate"] + gym["beyond_top"] == 15
    assert (made.calls, made.prompt_tokens, made.completion_tokens) == (calls, 100 * calls, 10 * calls)
    assert made.cost == pytest.approx(calls * 120 / 1e6)
    assert len(lessons(tmp_path / "out")) == gym["kept"]
    assert all(lesson.messages[-1].content.startswith("[answer] ") for lesson in lessons(tmp_path / "out"))
    from cluster.record.run_directory import RunDirectory

    shown = select(RunDirectory.at(tmp_path / "out"), Filters(phase="kept", count=99)).episodes
    assert len(shown) == gym["kept"] and {episode.acting["policy"] for episode in shown} == {"teacher@127.0.0.1"}
    assert json.loads((tmp_path / "out" / "account.json").read_text()) == made.as_data()


def test_a_failed_call_is_counted_and_never_a_sample(tmp_path: Path):
    flaky = iter([False, True, False, False, True] + [False] * 1000)

    def answer(body: dict[str, Any]) -> Answer:
        return failed(500, "broken") if next(flaky) else expert(body)

    out = tmp_path / "out"
    with serving(answer) as server:
        made = teach(taught(server.url, tmp_path), out)
        assert (made.gyms["IntentionGym"]["failed"], made.failures) == (2, {"endpoint": 2})
        asked = len(server.bodies)
        again = teach(taught(server.url, tmp_path), out, resume=True)
        assert asked < len(server.bodies) < 1.5 * asked, "only what failed is played again"
    assert (again.gyms["IntentionGym"]["failed"], again.gyms["IntentionGym"]["played"]) == (0, 15)


def test_a_server_that_refuses_ends_it_soon_and_the_key_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEACHER_KEY", "sk-very-secret-123")
    out = tmp_path / "out"
    with serving([failed(401, "the key sk-very-secret-123 is wrong")]) as server:
        config = taught(server.url, tmp_path, {"api_key_env": "TEACHER_KEY"}, max_failures=3)
        with pytest.raises(RunFailed, match=r"3 episodes in a row failed, the last one: .*status 401"):
            teach(config, out)
        assert 3 <= len(server.bodies) <= 3 + 4
        assert server.headers[0]["Authorization"] == "Bearer sk-very-secret-123"
    assert (out / "sharegpt.jsonl").read_text() == ""
    written = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert written and not any(b"sk-very-secret" in data for data in written)


def test_it_stops_before_the_money_is_spent_and_goes_on_with_more(tmp_path: Path):
    prices = {"prompt_price": 1000, "completion_price": 0, "max_concurrent": 3}

    def answer(body: dict[str, Any]) -> Answer:
        return expert(body, prompt_tokens=50)

    with serving(answer) as server:
        first = teach(taught(server.url, tmp_path, {**prices, "max_cost": 2.0}), tmp_path / "out")
        assert first.stopped is not None and "max_cost" in first.stopped
        assert 1.0 < first.cost <= 2.0, "prices are such that a call costs .05"
        assert 0 < first.gyms["IntentionGym"]["played"] < 15 and first.failures == {}
        spent = len(server.bodies)
        second = teach(taught(server.url, tmp_path, {**prices, "max_cost": 2.0}), tmp_path / "out", resume=True)
        assert len(server.bodies) - spent < 10 and second.cost <= 2.0, "what was spent before counts"
        last = teach(taught(server.url, tmp_path, {**prices, "max_cost": 50.0}), tmp_path / "out", resume=True)
    assert (last.stopped, last.gyms["IntentionGym"]["played"]) == (None, 15)
    assert last.calls == len(server.bodies) and last.cost == pytest.approx(0.05 * last.calls)


def test_scripted_experts_teach_without_a_server_and_more_may_be_asked_for_later(tmp_path: Path):
    out = tmp_path / "out"
    first = teach(taught(None, tmp_path), out)
    assert (first.teacher, first.calls, first.gyms["IntentionGym"]["played"]) == ("scripted:agent", 0, 15)
    before = (out / "episodes.jsonl").read_bytes()
    more = teach(taught(None, tmp_path, tasks=6, episodes=4, keep=1), out, resume=True)
    assert more.gyms["IntentionGym"]["played"] == 24 and more.gyms["IntentionGym"]["kept"] == 6
    assert (out / "episodes.jsonl").read_bytes().startswith(before)
    with pytest.raises(UserError, match=r"teach.temperature is 0.5, but what .* began with 1.0"):
        teach(taught(None, tmp_path, temperature=0.5), out, resume=True)
    with pytest.raises(UserError, match="it holds a teacher's work; give another folder, or --resume"):
        teach(taught(None, tmp_path), out)
    with (out / "episodes.jsonl").open("ab") as file:
        file.write(b'[{"torn')
    assert teach(taught(None, tmp_path), out, resume=True).gyms["IntentionGym"]["played"] == 24


def test_what_an_episode_depends_on_may_not_change_and_how_fast_it_is_asked_may(tmp_path: Path):
    def config(judge: dict[str, Any], user: dict[str, Any], **judging: Any) -> Config:
        servers = [{"base_url": "http://127.0.0.1:1", "model": "m", **each} for each in (judge, user)]
        mix = [{"speaker": "endpoint", "endpoint": servers[1]}]
        given = taught(None, tmp_path).model_dump(mode="json") | {
            "judges": {"default": {"backend": "endpoint", "endpoint": servers[0], **judging}},
        }
        given["policies"]["user"] = {"mix": mix}
        return Config.model_validate(given)

    def made(changed: Config) -> dict[str, Any]:
        assert changed.teach is not None
        return made_of(changed, changed.teach, plan(changed, changed.teach))

    began, faster = made(config({}, {})), {"requests_per_minute": 5.0, "prompt_price": 3.0, "max_concurrent": 2}
    assert made(config(faster, faster)) == began
    assert not any("requests_per_minute" in key or "price" in key for key in began)
    for other in (
        config({"model": "other"}, {}),
        config({"extra": {"seed": 1}}, {}),
        config({}, {"model": "other"}),
        config({}, {}, max_tokens=99),
    ):
        assert made(other) != began


def test_a_task_that_changed_is_not_gone_on_with_and_more_tasks_are(tmp_path: Path):
    asked = taught(None, tmp_path)
    assert asked.teach is not None
    places = plan(asked, asked.teach)
    began = made_of(asked, asked.teach, places[:-3])
    first, number = places[0]
    request = replace(first, task=first.task.model_copy(update={"split": "heldout"}))
    with opened(tmp_path / "out", began, resume=False):
        pass
    with opened(tmp_path / "out", made_of(asked, asked.teach, places), resume=True):
        pass
    changed = made_of(asked, asked.teach, [(request, number), *places[1:]])
    with (
        pytest.raises(UserError, match="the digest of task 0 of IntentionGym is"),
        opened(tmp_path / "out", changed, resume=True),
    ):
        pass
    with pytest.raises(UserError, match="it holds a teacher's work"), opened(tmp_path / "out", began, resume=False):
        pass
    shorter = {key: value for key, value in changed.items() if "task 0" not in key}
    with opened(tmp_path / "out", shorter, resume=True):
        pass
    assert len(json.loads((tmp_path / "out" / "identity.json").read_text())) == len(changed), "what was there stays"


def test_what_a_teacher_has_spent_and_scored_is_known_without_going_through_it_again(tmp_path: Path):
    """Looked up with every call and episode."""
    config = taught(None, tmp_path, tasks=1, episodes=2)
    teach(config, tmp_path / "out")
    store = Store(tmp_path / "out")
    assert (store.scores, store.scored) == (2.0, 2)
    for n in range(5):
        store.pay(Reply("", "stop", 1, 1), 0.5)
        assert store.cost == pytest.approx(0.5 * (n + 1))
    store.calls = Untouchable(store.calls)
    assert store.cost == 2.5
    failing, _ = store.episodes.values()
    store.add([replace(failing[0], score=None)])
    assert (store.scores, store.scored, len(store.episodes)) == (1.0, 1, 2)
    store.close()
    again = Store(tmp_path / "out")
    assert (again.cost, again.scores, again.scored) == (2.5, 1.0, 1)
    again.close()


class Untouchable(list[Any]):
    def __iter__(self) -> Any:
        raise AssertionError("gone through")


def test_an_account_spells_out_what_would_be_markup():
    made = Account("[x](http://e)", 1, "status 500: <b>| # \x1b[2J", {"a|b": dict.fromkeys(GYM, 0)}, {}, 0, 0, 0, 0, 0.0, None)
    text = markdown(made)
    assert "# Teacher data of \\[x\\]" in text and "&lt;b&gt;\\|" in text and "| a\\|b |" in text and "\x1b" not in text


GYM = ("tasks", "played", *COLUMNS, "mean_score", "mean_score_kept")


def test_mistakes_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    out = f"--out={tmp_path / 'out'}"
    for override, says in (
        ("teach=null", "teach is null"),
        ("teach.tasks=100000", "teach.tasks is 100000: IntentionGym has"),
        ("policies.user={model: {tiny: user}}", "policies.user is 'user'"),
        ("teach.endpoint.api_key_env=NOT_SET_HERE", "teach.endpoint.api_key_env"),
        ("teach.episods=3", "did you mean teach.episodes?"),
        ("teach.endpoint.requests_per_minute=0.01", "teach"),
    ):
        assert parley("teach", EXAMPLE, out, override, monkeypatch=monkeypatch) == 2, override
        error = capsys.readouterr().err
        assert says in error and error.count("\n") == 1, error


def test_killed_at_any_time_it_goes_on_with_what_is_missing(tmp_path: Path):
    """SIGKILL in the middle; what had ended is not asked for again."""
    out, config = tmp_path / "out", tmp_path / "run.yaml"

    def slowly(body: dict[str, Any]) -> Answer:
        time.sleep(0.02)
        return expert(body)

    with serving(slowly) as server:
        run_config = taught(server.url, tmp_path, episodes=6).model_dump(mode="json")
        config.write_text(yaml.safe_dump({key: run_config[key] for key in ("run", "policies", "gyms", "teach")}))
        command = [sys.executable, "-m", "cluster", "teach", str(config), "--out", str(out)]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        child = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE_S
        while not (out / "episodes.jsonl").exists() or (out / "episodes.jsonl").read_bytes().count(b"\n") < 8:
            assert child.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait(DEADLINE_S)
        finished = [json.loads(line)[0]["episode_id"] for line in (out / "episodes.jsonl").open() if line.endswith("\n")]
        assert 8 <= len(finished) < 30
        made = teach(taught(server.url, tmp_path, episodes=6), out, resume=True)
    ended = [json.loads(line)[0]["episode_id"] for line in (out / "episodes.jsonl").open()]
    assert ended[: len(finished)] == finished and len(set(ended)) == len(ended) == 30
    assert made.gyms["IntentionGym"]["played"] == 30 and made.calls == len((out / "calls.jsonl").read_text().splitlines())


def test_a_judge_behind_a_server_decides_here_too_and_its_failure_is_no_sample(tmp_path: Path):
    config = taught(None, tmp_path, tasks=1, episodes=2, max_failures=9)
    with serving([said("no json")]) as server:
        judge = {"backend": "endpoint", "endpoint": {"base_url": server.url, "model": "j"}, "retry": {"invalid": 0}}
        judged = config.model_validate({**config.model_dump(), "judges": {"default": judge}})
        made = teach(judged, tmp_path / "out")
    assert made.failures == {"judge_invalid": 2} and made.gyms["IntentionGym"]["kept"] == 0


def test_what_was_taught_is_learned(ray_cluster: None, tmp_path: Path):
    """The whole way: a teacher behind a server, its file, an imitation by the real learner."""
    out = tmp_path / "out"
    with serving(expert) as server:
        config = taught(server.url, tmp_path, tasks=30, episodes=2, keep=2)
        teach(config, out)
    sft = {"agent": {"sources": [{"file": str(out / "sharegpt.jsonl")}], "epochs": 6, "log_every": 5}}
    data = config.model_dump(mode="json") | {"sft": sft}
    model = prepare_role(Config.model_validate(data), "agent", tmp_path / "model", lambda *_: None, go_on=False)
    losses = [row["loss"] for row in read_log(model / LOG) if "loss" in row]
    assert losses[-1] < 0.7 * losses[0], losses
    assert (model / "model.safetensors").is_file()


def calls_taught(root: Path, url: str | None = None, **teach: Any) -> Config:
    server = None if url is None else {"base_url": url, "model": "teacher"}
    return parse(
        {
            "run": {"root": str(root)},
            "policies": {"user": {"model": {"tiny": "user"}, "train": True}, "agent": {"speaker": "scripted"}},
            "gyms": {"train": {"UserSimGym": 1.0}},
            "eval": {"tasks": 4, "constant_user": False},
            "teach": {"endpoint": server, "tasks": 3, "episodes": 1, "max_tokens": 999, **teach},
        }
    )


def test_a_script_shows_how_a_user_reasons_turn_by_turn(tmp_path: Path):
    """Every turn reads its profile anew, so that it is imitated with the profile that it had, and its thoughts."""
    made = teach(calls_taught(tmp_path), tmp_path / "out")
    played = made.gyms["UserSimGym"]
    assert (made.teacher, played["played"], played["failed"]) == ("scripted:user", 3, 0) and played["kept"] > 0
    shown = lessons(tmp_path / "out")
    assert len(shown) > played["kept"], "a lesson of each turn"
    for lesson in shown:
        own = [message.content for message in lesson.messages if message.role == "assistant"]
        assert own[-1].startswith("<think>") and not any("<think>" in earlier for earlier in own[:-1])
        assert f'"turn": {len(own) - 1},' in lesson.messages[0].content
        factors = [f for m, f in zip(lesson.messages, lesson.factors, strict=True) if m.role == "assistant"]
        assert factors == [*[0.0] * (len(own) - 1), 1.0]


def test_a_teacher_of_users_is_heard_with_its_thoughts(tmp_path: Path):
    with serving(lambda _: said(ASKS if len(server.bodies) % 3 else "Hello?")) as server:
        teach(calls_taught(tmp_path, server.url, min_score=0.0, similarity=None, episodes=2), tmp_path / "out")
        assert len({body["messages"][0]["content"] for body in server.bodies}) > 6, "the profile of each turn"
    shown = lessons(tmp_path / "out")
    assert shown and {lesson.messages[-1].content for lesson in shown} == {ASKS}, "words that nobody heard are no example"


def test_of_a_run_that_trains_its_user_the_agents_server_may_move(tmp_path: Path):
    config, settings = calls_taught(tmp_path), calls_taught(tmp_path).teach
    assert settings is not None

    def depends(url: str, model: str = "served") -> dict[str, Any]:
        server = {"speaker": "endpoint", "endpoint": {"base_url": url, "model": model}}
        agent = PolicyConfig.model_validate({"mix": [server]})
        return made_of(config.model_copy(update={"policies": {**config.policies, "agent": agent}}), settings, [])

    here, there = (depends(f"http://localhost:{port}/v1") for port in (8000, 9000))
    assert here == there != depends("http://localhost:8000/v1", "another")
