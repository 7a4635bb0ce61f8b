"""What W&B is given, read back from the offline run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import synthetic_run
from wandb_reader import finished_run, finished_runs
from wandb_server import wandb_server

from cluster.config import Config
from cluster.observe.alarm import Alarm
from cluster.record.monitor import COLUMNS, GROUPS, Monitor, check_credentials, conversations, last_run_id
from cluster.record.recorder import Recorder
from cluster.record.run_directory import RunDirectory
from rewards.trajectory import concat


def test_an_offline_run_holds_config_scalars_and_conversations(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "online")  # the configuration decides, not the environment
    monkeypatch.setenv("MY_SECRET", "hunter2")
    monitor = Monitor("offline", tmp_path, "quick", {"run": {"seed": 3}, "learner": {"lr": 1e-3}}, conversations_per_step=2)
    table = synthetic_run.episodes(0.5, 6)
    monitor.log(0, {"heldout/score": 0.4})
    for i in (1, 2):
        monitor.log(i, {"reward/success": i / 10, "time/rollout": 2.0}, table)
    monitor.finish()
    run = finished_run(tmp_path)
    assert (run.name, run.host, run.exit_code) == ("quick", "", 0)
    assert run.config["run"] == {"seed": 3} and run.config["learner"] == {"lr": 1e-3}
    assert [row["iteration"] for row in run.history] == [0, 1, 2]
    assert run.history[0]["heldout/score"] == 0.4
    assert [row.get("reward/success") for row in run.history] == [None, 0.1, 0.2]
    shown = run.table(run.history[2]["rollout/conversations"])
    assert shown["columns"] == COLUMNS
    assert [row[:2] for row in shown["data"]] == [[2, "heldout-0"], [2, "heldout-3"]]
    assert "assistant: When?" in shown["data"][0][2] and "env " in shown["data"][0][3]
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"hunter2" not in written


def test_a_run_tells_once_how_the_models_it_starts_from_were_made(tmp_path):
    rows = [{"step": 0, "steps": 9, "heldout_loss": 3.0}, {"step": 9, "loss": 2.0, "lr": 0.1, "best_step": 9}]
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "sft.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"torn')
    config = Config(run={"root": tmp_path, "name": "fresh"}, monitor={"wandb": "offline"})
    for name in ("fresh", "resumed"):
        directory = RunDirectory(tmp_path, name)
        directory.create()
        if name == "resumed":
            (directory.path / "wandb" / "offline-run-20200101_000000-abc").mkdir(parents=True)
        recorder = Recorder(config, directory)
        recorder.imitation("agent", tmp_path / "model")
        recorder.imitation("user", tmp_path)  # which was found as it is
        recorder.close()
    told = [
        {key: value for key, value in row.items() if not key.startswith("_")}
        for row in finished_run(tmp_path / "fresh").history
    ]
    assert told == [
        {"sft/step": 0, "sft/agent/heldout_loss": 3.0},
        {"sft/step": 9, "sft/agent/loss": 2.0, "sft/agent/lr": 0.1},
    ]
    resumed = finished_run(tmp_path / "resumed")
    assert (resumed.run_id, resumed.history) == ("abc", [])


@pytest.mark.parametrize(("suffix", "gyms"), [("", ["IntentionGym", "TelepathyGym"]), ("-transfer", ["TurtleGym"])])
def test_an_evaluation_is_told_by_gym_where_several_are_played(tmp_path, monkeypatch, suffix, gyms):
    trained = dict.fromkeys(["IntentionGym", "TelepathyGym"], 0.5)
    sections = {"run": {"root": tmp_path, "name": "quick"}, "monitor": {"wandb": "disabled"}}
    directory, told = RunDirectory(tmp_path, "quick"), {}
    directory.create()
    monkeypatch.setattr(Monitor, "log", lambda self, version, scalars: told.update(scalars))
    recorder = Recorder(Config(**sections, gyms={"train": trained, "transfer": {"TurtleGym": {}}}), directory)
    for phase, played in ((f"heldout-after{suffix}", gyms), (f"baseline-own{suffix}", gyms[:1])):
        recorder.evaluation(concat([synthetic_run.episodes(0.5, 2, gym=gym) for gym in played]), phase, 3)
    recorder.close()
    own = {name.removeprefix("heldout/") for name in told if name.endswith("Gym")}
    expected = {f"after/{what}/{gym}" for what in ("score", "success") for gym in gyms}
    expected |= {f"baseline-own/{what}/IntentionGym" for what in ("score", "success")}
    assert own == (set() if suffix else expected)
    assert {f"heldout/{label}{suffix}/score" for label in ("after", "baseline-own")} <= told.keys()


def test_disabled_writes_nothing(tmp_path):
    monitor = Monitor("disabled", tmp_path / "wandb", "quick", {})
    monitor.log(1, {"reward/success": 1.0})
    monitor.finish()
    assert not (tmp_path / "wandb").exists()


@pytest.mark.parametrize(("count", "tasks"), [(0, []), (1, [0]), (3, [0, 1, 3]), (99, [0, 1, 2, 3, 4])])
def test_conversations_are_spread_over_the_table(count, tasks):
    rows = conversations(synthetic_run.episodes(0.5, 5), 7, count)
    assert [row[1] for row in rows] == [f"heldout-{task}" for task in tasks]


def alarm(iteration: int, *, abort: bool = False) -> Alarm:
    return Alarm(iteration, "zero_weight_groups", "rollout/zero_weight_groups", 1.0, 0.9, "It is 1: change the tasks.", abort)


def test_alarms_are_alerts_that_an_offline_run_keeps(tmp_path):
    monitor = Monitor("offline", tmp_path, "quick", {})
    monitor.alarm(alarm(3))
    monitor.alarm(alarm(13, abort=True))
    monitor.log(13, {f"{group}/x": 1.0 for group in GROUPS})
    monitor.finish()
    run = finished_run(tmp_path)
    assert run.alerts == [
        ("WARN", "zero_weight_groups at iteration 3", "It is 1: change the tasks."),
        ("ERROR", "zero_weight_groups at iteration 13", "It is 1: change the tasks."),
    ]
    Monitor("disabled", tmp_path / "none", "quick", {}).alarm(alarm(1))


def test_a_resumed_run_is_one_run_for_those_who_sync_it(tmp_path):
    """Two processes, the first of them killed at its second row; the second goes on from a checkpoint before it."""
    assert last_run_id(tmp_path) is None
    first = Monitor("offline", tmp_path, "quick", {"seed": 3})
    first.log(1, {"reward/score": 0.1})
    first.log(2, {"reward/score": 0.2})
    first.alarm(alarm(2))
    first.finish(exit_code=1)
    begun = last_run_id(tmp_path)
    time.sleep(1.1)  # W&B names a run's folders by the second
    second = Monitor("offline", tmp_path, "quick", {"seed": 3}, run_id=begun)
    second.log(2, {"reward/score": 0.3})
    second.log(3, {"reward/score": 0.4})
    second.finish()
    runs = finished_runs(tmp_path)
    assert [run.run_id for run in runs] == [begun, begun] and last_run_id(tmp_path) == begun
    with wandb_server() as server:
        key = {"WANDB_API_KEY": "0" * 40, "WANDB_BASE_URL": server.url, "WANDB_ERROR_REPORTING": "false"}
        command = [sys.executable, "-m", "wandb", "sync", str(tmp_path / "wandb")]
        done = subprocess.run(command, env={**os.environ, **key}, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    assert [(row["_step"], row["iteration"], row["reward/score"]) for row in server.history] == [
        (0, 1, 0.1),
        (1, 2, 0.2),
        (2, 2, 0.3),
        (3, 3, 0.4),
    ]
    assert server.alerts == ["zero_weight_groups at iteration 2"]


def test_the_newest_run_is_found_by_its_name_alone(tmp_path):
    for name in ("offline-run-20260101_235959-aa", "run-20260102_000000-b-2", "offline-run-20251231_000000-zz"):
        (tmp_path / "wandb" / name).mkdir(parents=True)
    (tmp_path / "wandb" / "debug.log").write_text("")
    (tmp_path / "wandb" / "latest-run").symlink_to("offline-run-20251231_000000-zz")
    assert last_run_id(tmp_path) == "b-2"


CHECK = """
from cluster.errors import UserError
from cluster.record.monitor import check_credentials
try:
    check_credentials("online")
    print("accepted")
except UserError as error:
    print(error)
"""
SECRET = "s3cret" * 7


@pytest.mark.parametrize(
    ("key", "netrc", "says"),
    [
        ("", "", "no W&B key is configured"),
        ("too-short", "", "the W&B key cannot be one"),
        (SECRET, "", "accepted"),
        ("", f"machine 127.0.0.1:9 login user password {SECRET}", "accepted"),
    ],
    ids=["none", "malformed", "environment", "netrc"],
)
def test_a_missing_key_is_found_without_network_and_never_shown(tmp_path, key, netrc, says):
    (tmp_path / "netrc").write_text(netrc)
    # Nobody listens there: a check that asked the server would fail.
    place = {"WANDB_BASE_URL": "http://127.0.0.1:9", "NETRC": str(tmp_path / "netrc"), "HOME": str(tmp_path)}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WANDB_")} | place
    environment |= {"WANDB_API_KEY": key} if key else {}
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", CHECK],
        env=environment | {"PYTHONPATH": root},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert says in done.stdout, done.stderr
    for secret in filter(None, (key, SECRET)):
        assert secret not in done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["netrc"], "nothing is written either"


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_who_stays_offline_needs_no_key(mode):
    check_credentials(mode)
