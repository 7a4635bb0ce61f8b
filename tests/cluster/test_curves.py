"""Several runs in one figure and as tables: every number as summary.json has it, the same bytes for the same runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from synthetic_run import make

from cluster import cli
from cluster.record import summary
from cluster.record.run_directory import RunDirectory
from cluster.report.curves import by_gym, score_by_iteration


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[RunDirectory]:
    made = [make(tmp_path_factory.mktemp("runs"), f"quick-{seed}", iterations=5) for seed in range(2)]
    for seed, run in enumerate(made):
        run.write_summary({**summary.recompute(run.path), "seed": seed})
    return made


def parley(*arguments: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["parley", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_tables_hold_what_the_summaries_say(runs, tmp_path, monkeypatch, capsys):
    assert parley("curves", *(run.path for run in runs), "--out", tmp_path / "both.svg", monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "| IntentionGym, 200 held-out tasks, score [95 %] | seed 0 | seed 1 | mean |"
    rows = {cells[1]: cells[2:-1] for cells in ([cell.strip() for cell in line.split("|")] for line in printed if line)}
    stored = [json.loads(run.summary.read_text()) for run in runs]
    for label, key in (("sampled, before", "heldout_score_before"), ("greedy, change", "heldout_greedy_change")):
        own = [each[key] for each in stored]
        assert rows[label][:-1] == [f"{e['mean']:.3f} [{e['low']:.3f}, {e['high']:.3f}]" for e in own]
        assert rows[label][-1] == f"{sum(e['mean'] for e in own) / 2:.3f}"
    assert rows["oracle"][0].startswith("1.000") and "best fixed script" in rows


def test_the_figure_is_the_same_for_the_same_runs_and_shows_each(runs, tmp_path, monkeypatch, capsys):
    drawn = []
    for name in ("a.svg", "b.svg"):
        assert parley("curves", *(run.path for run in runs), "--out", tmp_path / name, monkeypatch=monkeypatch) == 0
        drawn.append((tmp_path / name).read_text())
    assert drawn[0] == drawn[1] and len(drawn[0]) < 100_000
    assert all(words in drawn[0] for words in ("IntentionGym", "seed 0", "seed 1", "best fixed script"))


def test_an_evaluation_that_was_not_made_is_an_empty_cell(runs, tmp_path, monkeypatch, capsys):
    run = make(tmp_path, "sampled-only", iterations=2)
    for phase in ("heldout-before-greedy", "heldout-after-greedy"):
        (run.trajectories / f"{phase}.parquet").unlink()
    run.write_summary(summary.recompute(run.path))
    assert parley("curves", run.path, "--out", tmp_path / "x.png", monkeypatch=monkeypatch) == 0
    assert "| greedy, before |  |  |" in capsys.readouterr().out


def test_a_run_of_two_gyms_has_a_curve_in_each(runs):
    metrics = [{"iteration": 1, "reward/score": 0.5, "reward/score/TravelGym": 0.25}, {"iteration": 2, "reward/score": 0.6}]
    assert score_by_iteration(metrics, "TravelGym") == ([1], [0.25])
    assert score_by_iteration(metrics, "IntentionGym") == ([1, 2], [0.5, 0.6])
    assert list(by_gym([run.path for run in runs])) == ["IntentionGym"]


def test_what_cannot_be_drawn_is_one_sentence(runs, tmp_path, monkeypatch, capsys):
    unfinished: Path = make(tmp_path, "unfinished", iterations=1).path
    (unfinished / "summary.json").unlink(missing_ok=True)
    for given, says in (((unfinished,), "has not finished"), ((runs[0].path, "--out", "curves.txt"), "must end in .svg")):
        assert parley("curves", *given, monkeypatch=monkeypatch) == 2
        assert says in capsys.readouterr().err
