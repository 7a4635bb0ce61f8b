"""Runs are paired task by task: what is not shared is left out and counted, and nothing shared is a refusal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import synthetic_run

from cluster import cli
from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory
from cluster.record.statistics import bootstrap_mean
from cluster.report import compare_view
from cluster.report.compare import compare, config_differences
from rewards.trajectory import Row, Turn, to_table


def episode(task: str, score: float | None, seed: int = 0, gym: str = "IntentionGym", turns: int = 2, member: int = 0) -> Row:
    return Row(
        policy="agent",
        opponent="user",
        gym=gym,
        task_id=task,
        split="heldout",
        group_id=0,
        episode_id=f"{task}.{member}",
        seed=seed,
        turns=[Turn(turn, "stop") for turn in range(turns)],
        score=score,
        success=None if score is None else score > 0.5,
        status="ok" if score is not None else "engine",
    )


def made(root: Path, name: str, config: str = "{}", **phases: list[Row]) -> Path:
    run = RunDirectory(root, name)
    run.create()
    run.write_config(config)
    for phase, rows in phases.items():
        run.write_trajectories(to_table(rows), phase.replace("_", "-"))
    return run.path


def rows(*runs: Path):
    return {(row.run, row.phase, row.gym, row.measure): row for row in compare(runs).differences}


def test_the_difference_is_over_the_tasks_both_have(tmp_path):
    a = made(tmp_path, "a", heldout_after=[episode("x", 0.2), episode("y", 0.4), episode("only-a", 1.0), episode("z", 0.1)])
    b = made(tmp_path, "b", heldout_after=[episode("y", 1.0, turns=5), episode("x", 0.4), episode("z", None)])
    row = rows(a, b)["b", "heldout-after", "", "score"]
    assert (row.first, row.mean) == pytest.approx((0.3, 0.7))
    assert row.difference == pytest.approx(bootstrap_mean([0.2, 0.6], 0))
    assert (row.difference["n"], row.unpaired_first, row.unpaired, row.same_seeds) == (2, 2, 0, 2)
    assert rows(a, b)["b", "heldout-after", "", "success"].difference["mean"] == 0.5
    assert rows(a, b)["b", "heldout-after", "", "turns"].difference["mean"] == 1.5


def test_only_a_sure_difference_of_a_score_is_better_or_worse(tmp_path):
    a = made(tmp_path, "a", heldout=[episode("x", 0.2), episode("y", 0.3)])
    b = made(tmp_path, "b", heldout=[episode("x", 0.4, turns=5), episode("y", 0.5, turns=6)])
    better = {key[3]: row.better for key, row in rows(a, b).items()}
    assert better == {"score": True, "success": None, "turns": None}
    assert rows(b, a)["a", "heldout", "", "score"].better is False


def test_shared_seeds_are_what_counts_and_else_the_mean(tmp_path):
    a = made(tmp_path, "a", heldout=[episode("x", 0.0, seed=1), episode("x", 1.0, seed=2, member=1), episode("y", 0.5, seed=3)])
    b = made(tmp_path, "b", heldout=[episode("x", 0.5, seed=2), episode("y", 0.7, seed=8), episode("y", 0.9, seed=9, member=1)])
    row = rows(a, b)["b", "heldout", "", "score"]
    assert (row.first, row.mean) == pytest.approx(((1.0 + 0.5) / 2, (0.5 + 0.8) / 2))
    assert (row.same_seeds, row.difference["n"]) == (1, 2)


def test_equal_ids_in_different_gyms_are_different_tasks(tmp_path):
    a = made(tmp_path, "a", heldout=[episode("x", 0.0, gym="A"), episode("x", 1.0, gym="B"), episode("y", 1.0, gym="B")])
    b = made(tmp_path, "b", heldout=[episode("x", 0.3, gym="A"), episode("x", 1.0, gym="B"), episode("y", 1.0, gym="B")])
    found = rows(a, b)
    assert [found["b", "heldout", gym, "score"].difference["mean"] for gym in ("", "A", "B")] == pytest.approx([0.1, 0.3, 0.0])


def test_several_runs_are_compared_with_the_first(tmp_path):
    scores = {"a": 0.1, "b": 0.3, "c": 0.0}
    runs = [made(tmp_path, name, heldout=[episode("x", score)]) for name, score in scores.items()]
    found = rows(*runs)
    assert [found[run, "heldout", "", "score"].difference["mean"] for run in "bc"] == pytest.approx([0.2, -0.1])


def test_nothing_to_pair_is_one_sentence(tmp_path):
    a = made(tmp_path, "a", heldout=[episode("x", 0.1)])
    with pytest.raises(UserError, match="a and b share no task in any evaluation"):
        compare([a, made(tmp_path, "b", heldout=[episode("y", 0.1)])])
    with pytest.raises(UserError, match="no evaluation in common: a has heldout, c has transfer-after"):
        compare([a, made(tmp_path, "c", transfer_after=[episode("x", 0.1)])])
    for name, phases in (("d", {}), ("e", {"heldout": [episode("x", None)]}), ("f", {"baseline_random": [episode("x", 0.1)]})):
        with pytest.raises(UserError, match=f"{name} has no scored evaluation"):
            compare([a, made(tmp_path, name, **phases)])
    with pytest.raises(UserError, match="at least two runs"):
        compare([a])
    with pytest.raises(UserError, match="given twice"):
        compare([a, tmp_path / "." / "a"])


def test_runs_of_one_name_are_told_apart_by_their_path(tmp_path):
    runs = [made(tmp_path / root, "same", heldout=[episode("x", 0.1)]) for root in "ab"]
    assert compare(runs).runs == [str(run) for run in runs]


def test_a_metric_of_all_runs_is_in_one_panel_though_their_names_differ(tmp_path):
    configs = (
        "{rewards: {weights: {env: 1, format: 1}}, gyms: {train: {A: 1}}}",
        "{rewards: {weights: {env: 1}}, gyms: {train: {A: 1, B: 1}}}",
    )
    runs = [made(tmp_path, name, config, heldout=[episode("x", 0.1)]) for name, config in zip("ab", configs, strict=True)]
    for run in runs:
        RunDirectory.at(run).append_metrics({"iteration": 1, "reward/format": 0.0, "reward/score/B": 0.5})
    text = compare_view.page(compare(runs), runs)
    panels = json.loads(re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', text, re.S)[1])["panels"]
    assert {panel["title"]: [line["label"] for line in panel["series"]] for panel in panels} == {
        "Score and success: score · B": ["a", "b"],
        "Rewards by name: format": ["a", "b"],
    }


def test_config_keys_that_differ():
    learner = {"lr": 1e-4, "clip": [0.2, 0.3]}
    a = {"run": {"name": "a", "root": "/r", "seed": 0}, "learner": learner, "sft": None}
    b = {"run": {"name": "b", "root": "/s", "seed": 0}, "learner": learner | {"lr": 1e-3, "kl": {}}, "sft": {"agent": 1}}
    assert config_differences({"a": a, "b": b}) == {
        "learner.kl": {"b": {}},
        "learner.lr": {"a": 1e-4, "b": 1e-3},
        "sft": {"a": None},
        "sft.agent": {"b": 1},
    }


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    a = synthetic_run.make(tmp_path, "[red]a[b]", iterations=2).path
    b = synthetic_run.make(tmp_path, "b", iterations=2)
    b.write_config("run: {seed: 4}\n")
    b.write_trajectories(synthetic_run.episodes(0.9, 150, seed=1), "heldout-after")

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "compare", str(a), str(b.path), *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "100")
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return int(caught.value.code or 0), *capsys.readouterr()

    return call


def test_the_command_prints_tables_and_json(command):
    code, out, error = command()
    assert (code, error) == (0, "")
    assert "b against [red]a[b]" in out
    assert "run.seed" in out
    assert "50 tasks of [red]a[b] and 0 of b are unpaired and left out (heldout-after)." in " ".join(out.split())
    code, out, _ = command("--json")
    data = json.loads(out)
    assert data["runs"] == ["[red]a[b]", "b"]
    after = next(row for row in data["differences"] if (row["phase"], row["measure"]) == ("heldout-after", "score"))
    assert (after["difference"]["n"], after["unpaired_first"]) == (150, 50)
    assert after["difference"]["mean"] == pytest.approx(after["mean"] - after["first"])
    assert data["config"] == {"run.seed": {"[red]a[b]": 3, "b": 4}}


def test_the_command_writes_a_page(command, tmp_path):
    assert command("--html", tmp_path / "out.html")[0] == 0
    assert "b against [red]a[b]" in (tmp_path / "out.html").read_text()
    code, _, error = command("--html", tmp_path / "nowhere" / "out.html")
    assert (code, error.count("\n")) == (2, 1)
    assert "there is no folder" in error
