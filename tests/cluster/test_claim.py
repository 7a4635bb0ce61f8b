"""Who may drive a run: what is refused before anything starts, and what survives a roll-back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.config import Config, parse, resolved
from cluster.errors import UserError
from cluster.evaluation.setting import Setting
from cluster.evaluation.subject import Subject
from cluster.record.run_directory import RunDirectory
from cluster.start.claim import claim


def config(root: Path, *overrides: str) -> Config:
    return parse({"run": {"root": str(root), "name": "a", "iterations": 4}}, overrides)


def begun(root: Path) -> RunDirectory:
    directory = RunDirectory(root, "a")
    directory.create()
    directory.write_config(resolved(config(root)))
    return directory


def test_a_fresh_run_is_fresh_also_with_resume(tmp_path: Path):
    with claim(config(tmp_path), resume=True) as (directory, resuming):
        assert not resuming and directory.path == tmp_path / "a"


@pytest.mark.parametrize(
    "override",
    ["run.iterations=9", "rollout.workers=3", "learner.step_timeout_s=9", "judges.default.actors=2", "checkpoint.keep=1"],
)
def test_where_and_how_long_a_run_goes_may_change(tmp_path: Path, override: str):
    begun(tmp_path)
    with claim(config(tmp_path, override), resume=True) as (_, resuming):
        assert resuming


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("learner.lr=0.5", r"learner\.lr is 0\.5, but the run to resume began with 1e-06"),
        ("run.seed=3", r"run\.seed is 3, but .* began with 0"),
        ("engine.dtype=bfloat16", r"engine\.dtype is 'bfloat16'"),
        ("gyms.params={IntentionGym: {prompt: short}}", r"gyms\.params\.IntentionGym\.prompt|gyms\.params"),
    ],
)
def test_what_a_run_computes_may_not(tmp_path: Path, override: str, sentence: str):
    begun(tmp_path)
    with pytest.raises(UserError, match=sentence), claim(config(tmp_path, override), resume=True):
        pass


def user_run(root: Path, url: str, model: str = "served") -> Config:
    server = {"speaker": "endpoint", "endpoint": {"base_url": url, "model": model}}
    policies = {"user": {"model": {"tiny": "user"}, "train": True}, "agent": {"mix": [server]}}
    gyms = {"train": {"UserSimGym": 1.0}}
    run = {"root": str(root), "name": "a"}
    return parse({"run": run, "policies": policies, "gyms": gyms, "eval": {"tasks": 4, "constant_user": False}})


def test_the_server_of_either_role_may_move(tmp_path: Path):
    began, moved = (user_run(tmp_path, f"http://localhost:{port}/v1") for port in (8000, 9000))
    directory = RunDirectory(tmp_path, "a")
    directory.create()
    directory.write_config(resolved(began))
    with claim(moved, resume=True) as (_, resuming):
        assert resuming
    other = user_run(tmp_path, "http://localhost:8000/v1", model="another")
    with pytest.raises(UserError, match=r"policies\.agent\.mix\.0\.endpoint\.model is 'another'"), claim(other, resume=True):
        pass
    subject = Subject("script", "oracle", "oracle", "scripted:oracle")
    here, there, someone = (Setting.of(config, [subject]).identity() for config in (began, moved, other))
    assert here == there != someone


def test_a_schedule_that_ends_with_the_run_cannot_be_stretched(tmp_path: Path):
    directory = begun(tmp_path)
    directory.write_config(resolved(config(tmp_path, "learner.schedule=cosine")))
    longer = config(tmp_path, "learner.schedule=cosine", "run.iterations=8")
    with pytest.raises(UserError, match=r"schedule 'cosine' with warmup 0.0 depends on it"), claim(longer, resume=True):
        pass
    directory.write_config(resolved(config(tmp_path, "learner.warmup=0.4")))
    longer = config(tmp_path, "learner.warmup=0.4", "run.iterations=8")
    with pytest.raises(UserError, match=r"'constant' with warmup 0.4 depends on it"), claim(longer, resume=True):
        pass


def test_a_finished_run_is_resumed_only_to_go_further(tmp_path: Path):
    directory = begun(tmp_path)
    directory.append_metrics({"iteration": 4, "wall_s": 1.0})
    directory.write_summary({})
    with pytest.raises(UserError, match="finished with 4; raise it to go on"), claim(config(tmp_path), resume=True):
        pass
    with claim(config(tmp_path, "run.iterations=6"), resume=True) as (_, resuming):
        assert resuming
    with pytest.raises(UserError, match="--resume or --overwrite"), claim(config(tmp_path)):
        pass


def test_two_processes_cannot_drive_one_run_and_a_killed_one_gives_it_back(tmp_path: Path):
    begun(tmp_path)
    other = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from cluster.start.claim import claim\nfrom cluster.config import parse\n"
            f"with claim(parse({{'run': {{'root': {str(tmp_path)!r}, 'name': 'a', 'iterations': 4}}}}), resume=True):\n"
            "    print('mine', flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        assert other.stdout is not None and other.stdout.readline() == "mine\n"
        with pytest.raises(UserError, match="another process is driving"), claim(config(tmp_path), resume=True):
            pass
    finally:
        other.kill()
        other.wait(timeout=30)
    with claim(config(tmp_path), resume=True) as (_, resuming):
        assert resuming
