"""Whole evaluations that need no engine: scripts and agents behind a server, interrupted, killed, resumed and refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from evaluation_cases import scripted
from loopback import failed, said, serving

from actors.config import SpeakerConfig
from cluster.config import parse
from cluster.errors import RunFailed, UserError
from cluster.evaluation import evaluate as evaluation
from cluster.evaluation import setting
from cluster.evaluation.evaluate import evaluate
from cluster.evaluation.store import Store
from cluster.jobs.interruption import Interrupted

ROOT = Path(__file__).parents[2]
ASKS = "[action] What is the budget?"
OUTPUTS = {"episodes.parquet", "evaluation.json", "evaluation.md", "evaluation.html", "identity.json", ".lock"}


def behind(url: str, **retry: object) -> dict[str, object]:
    """`eval` with an agent behind a server."""
    agent = {"speaker": "endpoint", "endpoint": {"base_url": url, "model": "served"}, "retry": retry}
    return {"tasks": 3, "repeats": 2, "greedy": False, "constant_user": False, "agent": agent}


def only(outcome, **about):
    (row,) = [row for row in outcome.rows if all(getattr(row, name) == value for name, value in about.items())]
    return row


def test_an_oracle_is_measured_in_all_gyms_against_all_users(tmp_path):
    users = {"vague": {"speaker": "adversarial:vague"}, "silent": {"speaker": "constant", "text": "Hm."}}
    config = scripted(tmp_path, eval={"tasks": 4, "repeats": 2, "users": users})
    outcome = evaluate(config, ["scripted:oracle"], out=tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == OUTPUTS
    for gym, tasks, items in (("IntentionGym", "held-in", 4), ("TelepathyGym", "held-out", 3)):
        row = only(outcome, user="training", gym=gym, tasks=tasks)
        assert (row.items, row.episodes, row.masked) == (items, 2 * items, 0)
        assert row.measures["score"]["mean"] == row.measures["success"]["mean"] == row.pass_all[2]["mean"] == 1.0
        assert row.measures["tokens"] is None
    assert outcome.users == ["training", "constant", "vague", "silent"]
    assert only(outcome, user="silent", tasks="all").measures["score"]["mean"] < 0.7
    data = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert data["matrix"]["sampled, held-in"]["oracle"]["training"]["mean"] == 1.0
    assert set(data["matrix"]["sampled, held-out"]["oracle"]) == set(outcome.users)
    episodes = pq.read_table(tmp_path / "out" / "episodes.parquet")
    assert episodes.num_rows == 4 * 2 * (4 + 3)
    assert set(episodes["policy"].to_pylist()) == {"scripted:oracle"}
    assert set(episodes["opponent"].to_pylist()) == {"scripted", "constant", "eval.users.vague", "eval.users.silent"}


@pytest.mark.parametrize("params", [{}, {"answer_by": "value"}, {"turn_cost": 0.05}, {"reward_from_turn": 16}])
def test_trips_by_userrls_rules_count_the_answers_whatever_turns_are_paid(tmp_path, params):
    gyms = {"train": {"TravelGym": 1}, "params": {"TravelGym": params}}
    config = scripted(tmp_path, gyms=gyms, eval={"tasks": 12, "constant_user": False})
    (report,) = evaluate(config, ["scripted:oracle"], out=tmp_path / "out", report="userrl").userrl
    assert report["gyms"]["TravelGym"]["mean"] == report["overall"]["mean"] == 1.0
    assert "userrl" in json.loads((tmp_path / "out" / "evaluation.json").read_text())


def test_trips_by_id_score_what_userrls_own_grouping_says(tmp_path):
    """By the first character of the answer, the highest reward of each, over the number of aspects."""
    config = scripted(tmp_path, gyms={"train": {"TravelGym": 1}}, eval={"tasks": 12, "constant_user": False})
    (report,) = evaluate(config, ["scripted:random"], out=tmp_path / "out", report="userrl").userrl
    scores = []
    for text in pq.read_table(tmp_path / "out" / "episodes.parquet")["state"].to_pylist():
        state, best = json.loads(text), {}
        for turn in state["history"]:
            if turn["action"].startswith("[answer]"):
                letter = turn["action"].removeprefix("[answer]").strip()[0]
                best[letter] = max(best.get(letter, 0.0), turn["reward"])
        scores.append(sum(best.values()) / len(state["best"]))
    assert report["overall"]["mean"] == pytest.approx(fmean(scores)) and 0 < fmean(scores) < 1


def test_same_seed_same_numbers(tmp_path):
    config = scripted(
        tmp_path, policies={**AGENT, "user": {"mix": [{"speaker": "scripted"}, {"speaker": "adversarial:vague"}]}}
    )
    for name in ("one", "two"):
        evaluate(config, ["scripted:demonstrator", "scripted:random"], out=tmp_path / name, report="userrl")
    for name in ("evaluation.json", "evaluation.md", "evaluation.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    one, two = (pq.read_table(tmp_path / name / "episodes.parquet") for name in ("one", "two"))
    assert one.equals(two)
    assert len(set(one["opponent"].to_pylist())) == 3, "the mix was drawn from"
    config.run.seed = 1
    evaluate(config, ["scripted:demonstrator", "scripted:random"], out=tmp_path / "other")
    assert (tmp_path / "other" / "evaluation.json").read_bytes() != (tmp_path / "one" / "evaluation.json").read_bytes()


AGENT = {"agent": {"model": {"tiny": "agent"}, "train": True}}


def test_an_interrupted_evaluation_plays_only_what_is_missing(tmp_path, monkeypatch):
    config = scripted(tmp_path, rollout={"concurrency": 2})
    whole = evaluate(config, ["scripted:demonstrator"], out=tmp_path / "whole")
    played = []
    add = Store.add

    def adding(store, order, table):
        if len(played) == 9:
            raise Interrupted(signal.SIGINT)
        played.append(order.key)
        add(store, order, table)

    monkeypatch.setattr(Store, "add", adding)
    with pytest.raises(Interrupted):
        evaluate(config, ["scripted:demonstrator"], out=tmp_path / "out")
    assert len(list((tmp_path / "out" / "parts").iterdir())) >= 1
    before, played[:] = list(played), []
    monkeypatch.setattr(Store, "add", lambda store, order, table: (played.append(order.key), add(store, order, table)))
    resumed = evaluate(config, ["scripted:demonstrator"], out=tmp_path / "out", resume=True)
    assert not set(before) & set(played) and len(before) + len(played) == sum(row.episodes for row in whole.rows if row.gym)
    assert replace(resumed, folder=whole.folder) == whole
    assert (tmp_path / "out" / "evaluation.html").read_bytes() == (tmp_path / "whole" / "evaluation.html").read_bytes()
    played.clear()
    evaluate(config, ["scripted:demonstrator"], out=tmp_path / "out", resume=True)
    assert played == [], "of a finished one nothing is missing"


@pytest.mark.parametrize(
    ("who", "changed", "says"),
    [
        ("scripted:random", {}, "WHO is ['scripted:random'], but what "),
        ("scripted:oracle", {"run": {"name": "scripts", "seed": 4}}, "run.seed is 4, but what "),
        ("scripted:oracle", {"eval": {"tasks": 4}}, "eval.repeats is 1, but what "),
        ("scripted:oracle", {"gyms": {"train": {"IntentionGym": 1}}}, "gyms.transfer is {}, but what "),
        (
            "scripted:oracle",
            {
                "judges": {"default": {"backend": "rules"}, "x": {"backend": "examples.my_judge:StrictCoverage"}},
                "eval": {"judges": "x"},
            },
            "began with",
        ),
    ],
)
def test_another_evaluation_is_not_resumed(tmp_path, who, changed, says):
    evaluate(scripted(tmp_path), ["scripted:oracle"], out=tmp_path / "out")
    kept = (tmp_path / "out" / "evaluation.json").read_bytes()
    with pytest.raises(UserError) as caught:
        evaluate(scripted(tmp_path, **changed), [who], out=tmp_path / "out", resume=True)
    assert says in str(caught.value) and str(caught.value).endswith("give another --out.")
    assert (tmp_path / "out" / "evaluation.json").read_bytes() == kept


def test_tasks_that_changed_are_another_evaluation(tmp_path, monkeypatch):
    evaluate(scripted(tmp_path), ["scripted:oracle"], out=tmp_path / "out")
    tasks = setting.heldout_tasks
    monkeypatch.setattr(setting, "heldout_tasks", lambda *given: tasks(*given)[::-1])
    with pytest.raises(UserError, match=r"the digest of all held-out tasks is '[0-9a-f]{16}', but what "):
        evaluate(scripted(tmp_path), ["scripted:oracle"], out=tmp_path / "out", resume=True)


def test_what_does_not_matter_may_differ(tmp_path):
    evaluate(scripted(tmp_path), ["scripted:oracle"], out=tmp_path / "out")
    other = {"learner": {"lr": 1.0}, "rollout": {"concurrency": 3, "group_size": 4}, "checkpoint": {"every": 3}}
    evaluate(scripted(tmp_path, **other), ["scripted:oracle"], out=tmp_path / "out", resume=True)


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    config = scripted(tmp_path, eval={"tasks": 1, "constant_user": False})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("dear diary")
    with pytest.raises(UserError, match="that folder holds something else; give a new one"):
        evaluate(config, ["scripted:oracle"], out=tmp_path / "mine")
    with pytest.raises(UserError, match="that is a file; give a folder"):
        evaluate(config, ["scripted:oracle"], out=tmp_path / "mine" / "notes.txt")
    path = evaluate(config, ["scripted:oracle"]).folder
    assert path == tmp_path / "evaluations" / "scripts-oracle"
    with pytest.raises(UserError, match="it holds an evaluation; give another folder, or --resume"):
        evaluate(config, ["scripted:oracle"])


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("scripted:orakel", "WHO is scripted:orakel: IntentionGym has no such script: did you mean oracle?"),
        ("endpoint", "WHO is endpoint, and eval.agent is null: give it {speaker: endpoint, endpoint: "),
        (
            "/no/where",
            "WHO is '/no/where': there is no such folder: give one of a model, a checkpoint or a run, or endpoint, or scr",
        ),
        (str(ROOT / "docs"), "that folder holds no config.json, no checkpoint and no run."),
    ],
)
def test_an_agent_that_is_not_there_is_one_sentence(tmp_path, who, says):
    with pytest.raises(UserError) as caught:
        evaluate(scripted(tmp_path), [who], out=tmp_path / "out")
    assert says in str(caught.value) and not (tmp_path / "out").exists()


def test_an_agent_behind_a_server_has_no_tokens(tmp_path):
    with serving([said(ASKS)]) as server:
        config = scripted(tmp_path, eval={**behind(server.url), "greedy": True, "temperature": 0.5})
        outcome = evaluate(config, ["endpoint"], out=tmp_path / "out")
    assert {body["temperature"] for body in server.bodies} == {0.5, 0.0}
    assert {body["model"] for body in server.bodies} == {"served"}
    first = server.bodies[0]["messages"]
    assert first[0]["role"] == "system" and "[choice] content" in first[0]["content"]
    episodes = pq.read_table(tmp_path / "out" / "episodes.parquet")
    assert set(episodes["policy"].to_pylist()) == {"endpoint"} and set(episodes["agent"].to_pylist()) == {"served"}
    assert pc.sum(pc.list_value_length(episodes["tokens"])).as_py() == 0
    assert only(outcome, how="greedy", gym="IntentionGym").measures["turns"]["mean"] > 1


def test_a_failed_episode_is_counted_and_played_again_by_resume(tmp_path):
    def sometimes(body):
        number = len(server.bodies)
        return failed(400, "no") if number <= 3 else said(ASKS)

    with serving(sometimes) as server:
        settings = behind(server.url, transport=0, invalid=0) | {"tasks": 10}
        config = scripted(tmp_path, gyms={"train": {"IntentionGym": 1}}, eval=settings, rollout={"concurrency": 1})
        outcome = evaluate(config, ["endpoint"], out=tmp_path / "out")
        assert (outcome.masked, outcome.reasons) == (1, {"endpoint": 1}), "three attempts, then it is masked"
        row = only(outcome, gym="IntentionGym")
        assert (row.episodes, row.masked, row.items) == (20, 1, 10)
        assert "1 endpoint" in (tmp_path / "out" / "evaluation.md").read_text()
        asked = len(server.bodies)
        again = evaluate(config, ["endpoint"], out=tmp_path / "out", resume=True)
        episodes = pq.read_table(tmp_path / "out" / "episodes.parquet")
        assert (again.masked, episodes.num_rows) == (0, 20)
        assert len(server.bodies) - asked <= 16, "one episode"


def test_a_server_that_only_fails_ends_it_with_the_cause_and_keeps_the_folder(tmp_path):
    with serving([failed(401, "wrong key")]) as server:
        config = scripted(tmp_path, eval=behind(server.url), rollout={"concurrency": 2})
        with pytest.raises(RunFailed, match=r"2 of 12 evaluation episodes failed.*wrong key"):
            evaluate(config, ["endpoint"], out=tmp_path / "out")
        assert len(server.bodies) <= 3 * 3, "it ends with the second that has failed three times, not with the plan"
        server.answers = [said(ASKS)]
        assert evaluate(config, ["endpoint"], out=tmp_path / "out", resume=True).masked == 0


def test_one_episode_that_always_fails_does_not_break_a_resumed_evaluation(tmp_path):
    """One in ten of the whole plan may fail; of what a resume plays, it is all."""
    with serving(lambda body: failed(400, "no") if len(server.bodies) <= 3 else said("[finish]")) as server:
        config = scripted(
            tmp_path,
            gyms={"train": {"IntentionGym": 1}},
            eval=behind(server.url, transport=0, invalid=0) | {"tasks": 10},
            rollout={"concurrency": 1},
        )
        assert evaluate(config, ["endpoint"], out=tmp_path / "out").masked == 1
        server.answers = [failed(400, "no")]
        again = evaluate(config, ["endpoint"], out=tmp_path / "out", resume=True)
    assert (again.masked, only(again, gym="IntentionGym").episodes) == (1, 20)


def test_an_agent_whose_server_is_asked_otherwise_is_another(tmp_path):
    with serving([said("[finish]")]) as server:
        asked = behind(server.url) | {"tasks": 1, "repeats": 1}
        evaluate(scripted(tmp_path, eval=asked), ["endpoint"], out=tmp_path / "out")
        slower = {**asked["agent"], "endpoint": {**asked["agent"]["endpoint"], "requests_per_minute": 6000, "timeout_s": 5}}
        evaluate(scripted(tmp_path, eval={**asked, "agent": slower}), ["endpoint"], out=tmp_path / "out", resume=True)
        other = {**slower, "endpoint": {**slower["endpoint"], "extra": {"reasoning_effort": "high"}}}
        with pytest.raises(UserError, match=r"eval\.agent\.endpoint\.extra is None, but what "):
            evaluate(scripted(tmp_path, eval={**asked, "agent": other}), ["endpoint"], out=tmp_path / "out", resume=True)
        evaluate(scripted(tmp_path, eval={**asked, "agent": slower}), ["scripted:oracle"], out=tmp_path / "script")
        evaluate(scripted(tmp_path, eval={**asked, "agent": other}), ["scripted:oracle"], out=tmp_path / "script", resume=True)


def test_a_killed_evaluation_goes_on_where_it_was(tmp_path):
    """kill -9 in the middle: what was finished is not asked for again."""

    def slow(body):
        time.sleep(0.02)
        return said("[finish]")

    def command(*more):
        return [
            sys.executable,
            "-m",
            "cluster",
            "eval",
            str(tmp_path / "run.yaml"),
            "endpoint",
            "--out",
            str(tmp_path / "out"),
            *more,
        ]

    with serving(slow) as server:
        config = scripted(tmp_path, eval={**behind(server.url), "tasks": 60, "repeats": 3}, rollout={"concurrency": 2})
        config.gyms.transfer.clear()
        text = yaml.safe_dump(json.loads(config.model_dump_json()))
        (tmp_path / "run.yaml").write_text(text)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command(), cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not list((tmp_path / "out" / "parts").glob("[0-9]*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        process.wait()
        kept = sum(pq.read_metadata(path).num_rows for path in (tmp_path / "out" / "parts").glob("[0-9]*.parquet"))
        assert 0 < kept < 180 and not (tmp_path / "out" / "evaluation.json").exists()
        asked = -1
        while asked != len(server.bodies):  # what was under way when it was killed may still arrive
            asked = len(server.bodies)
            time.sleep(0.5)
        done = subprocess.run(
            command("--resume"), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert len(server.bodies) - asked == 180 - kept, "one request an episode"
    assert pq.read_table(tmp_path / "out" / "episodes.parquet").num_rows == 180
    assert "episodes/s" in done.stderr and "evaluation 180/180" in done.stderr


def test_evaluations_may_have_a_judge_of_their_own(tmp_path):
    with serving([said('{"on_topic": true, "covered": []}')]) as server:
        judge = {"backend": "endpoint", "endpoint": {"base_url": server.url, "model": "strict"}}
        settings = {"tasks": 3, "constant_user": False, "judges": "strict"}
        judges = {"default": {"backend": "rules"}, "strict": judge}
        config = scripted(tmp_path, gyms={"train": {"IntentionGym": 1}}, judges=judges, eval=settings)
        outcome = evaluate(config, ["scripted:oracle"], out=tmp_path / "out")
    assert len(server.bodies) > 0 and outcome.judge == "endpoint strict"
    turns = [turn for of in pq.read_table(tmp_path / "out" / "episodes.parquet")["turns"].to_pylist() for turn in of]
    assert {r["value"] for turn in turns for r in turn["rewards"] if r["source"].startswith("strict@")} == {0.0}


def test_the_same_model_in_two_places_is_said_once_and_kept(tmp_path, capsys):
    with serving([said(ASKS)]) as server:
        endpoint = {"base_url": server.url, "model": "served"}
        users = {
            "B": {"speaker": "endpoint", "endpoint": endpoint},
            "C": {"speaker": "endpoint", "endpoint": {**endpoint, "model": "x"}},
        }
        judges = {"default": {"backend": "rules"}, "own": {"backend": "endpoint", "endpoint": endpoint}}
        settings = behind(server.url) | {"users": users, "judges": "own", "tasks": 1, "repeats": 1}
        config = scripted(tmp_path, gyms={"train": {"TelepathyGym": 1}}, judges=judges, eval=settings)
        server.answers = lambda body: said('{"answer": "no", "correct": false}' if "response_format" in body else "[finish]")
        outcome = evaluate(config, ["endpoint"], out=tmp_path / "out")
    said_so = [
        "the agent served and the user B are the same model, served: "
        "a model finds its own words easier to follow than others do.",
        "the agent served and the judge are the same model, served: judges are lenient with their own words.",
        "the user B and the judge are the same model, served: judges are lenient with their own words.",
    ]
    assert list(outcome.warnings) == said_so
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["warnings"] == said_so
    printed = "".join(capsys.readouterr().err.split())
    assert all(printed.count("".join(sentence.split())) == 1 for sentence in said_so)
    assert all(sentence in (tmp_path / "out" / "evaluation.html").read_text() for sentence in said_so)


def test_nobody_is_warned_of_scripts_and_rules(tmp_path):
    assert evaluate(scripted(tmp_path, eval={"tasks": 1}), ["scripted:oracle"], out=tmp_path / "out").warnings == []


def test_agents_that_are_called_the_same_are_told_apart(tmp_path):
    outcome = evaluate(scripted(tmp_path, eval={"tasks": 1}), ["scripted:oracle", "scripted:oracle"], out=tmp_path / "out")
    assert outcome.agents == ["oracle", "oracle-2"]
    assert only(outcome, agent="oracle-2", user="training", tasks="all").measures["score"]["mean"] == 1.0


def test_only_engines_need_ray(tmp_path):
    def on_ray(**sections):
        asked = evaluation.Setting.of(scripted(tmp_path, **sections), [])
        return evaluation.Stage(asked, None, lambda: None)._on_ray

    assert not on_ray()
    assert not on_ray(eval={"users": {"A": SpeakerConfig(speaker="adversarial:vague").model_dump()}})
    assert on_ray(eval={"users": {"A": {"model": {"tiny": "user"}}}})
    assert on_ray(judges={"default": {"backend": "examples.my_judge:StrictCoverage"}})


def test_the_config_of_the_page_is_one():
    page = (ROOT / "docs" / "evaluation.md").read_text()
    (block,) = [part.split("```")[0] for part in page.split("```yaml\n")[1:]]
    config = parse(yaml.safe_load(block), elsewhere=True)
    assert list(config.eval.users) == ["A", "B", "C"] and config.eval.judges == "strict"
    presets = page.partition("`gyms.params: ")[2].partition("`")[0]
    gyms = {"train": {"TravelGym": 1, "IntentionGym": 1}, "params": yaml.safe_load(presets)}
    assert parse({"gyms": gyms, "eval": {"tasks": 3}}).gyms.params["TravelGym"] == {"preset": "userrl_eval"}
