"""Files of a run: whole or absent, named so that they can be read back, never overwritten by accident."""

import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import synthetic_run

from cluster.errors import UserError
from cluster.record.run_directory import RunDirectory
from cluster.record.whole_file import replace_file, replace_text


@pytest.fixture
def run(tmp_path):
    directory = RunDirectory(tmp_path, "quick")
    directory.create()
    directory.write_config("run: {name: quick}\n")
    return directory


def test_a_write_that_fails_leaves_the_old_file_and_nothing_aside(tmp_path):
    def half(aside):
        aside.write_text("half")
        raise OSError("no space left")

    replace_text(tmp_path / "file", "old")
    with pytest.raises(OSError, match="no space left"):
        replace_file(tmp_path / "file", half)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "old")]


def test_tables_are_named_by_phase_and_iteration(run):
    table = synthetic_run.episodes(0.5, 2)
    assert run.write_trajectories(table, "train", 12).name == "train-000012.parquet"
    assert run.write_trajectories(table, "heldout-after-greedy").name == "heldout-after-greedy.parquet"
    run.write_trajectories(table, "heldout", 20)
    run.write_trajectories(table, "baseline-best_fixed_script")
    assert run.phases() == ["baseline-best_fixed_script", "heldout-after-greedy"]
    assert (run.iterations("train"), run.iterations("heldout")) == ([12], [20])
    assert run.read_trajectories("train", 12).equals(table)
    for phase in ("Up/../x", "train-000001", ""):
        with pytest.raises(ValueError, match="the name of a"):
            run.write_trajectories(table, phase)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_readable(run, monkeypatch):
    table = synthetic_run.episodes(0.5, 2)
    run.write_trajectories(table, "train", 1)

    def half(table, path, compression):
        path.write_bytes(b"PAR1")
        raise OSError("disk full")

    monkeypatch.setattr(pq, "write_table", half)
    for iteration in (1, 2):
        with pytest.raises(OSError, match="disk full"):
            run.write_trajectories(table, "train", iteration)
    assert run.iterations() == [1]
    assert run.read_trajectories("train", 1).equals(table)


def test_metrics_are_strict_json_and_a_torn_line_is_left_out(run):
    run.append_metrics({"iteration": 1, "learner/entropy": math.nan})
    run.append_metrics({"iteration": 2, "learner/entropy": 0.5})
    with run.metrics.open("a") as file:
        file.write('{"iteration": 3, "lear')
    assert run.read_metrics() == [{"iteration": 1, "learner/entropy": None}, {"iteration": 2, "learner/entropy": 0.5}]


def test_rolling_back_forgets_later_iterations(run):
    for iteration in (1, 2, 3):
        run.append_metrics({"iteration": iteration})
        run.write_trajectories(synthetic_run.episodes(0.5, 1), "train", iteration)
    for phase in ("heldout-before", "heldout-after"):
        run.write_trajectories(synthetic_run.episodes(0.5, 1), phase)
    for iteration in (2, 3):
        run.save_checkpoint(iteration, 5, lambda folder: Path(folder).mkdir())
    run.write_summary({})
    run.roll_back(2)
    assert [row["iteration"] for row in run.read_metrics()] == run.iterations() == [1, 2]
    assert run.phases() == ["heldout-before"] and not run.summary.exists()
    assert run.newest_checkpoint() == run.checkpoints / "000002", "a later one belongs to the voided history"


def test_a_checkpoint_is_whole_or_not_there(run):
    def torn(folder: str) -> None:
        Path(folder).mkdir()
        raise OSError("disk full")

    run.save_checkpoint(1, 2, lambda folder: Path(folder).mkdir())
    with pytest.raises(OSError, match="disk full"):
        run.save_checkpoint(2, 2, torn)
    assert run.newest_checkpoint() == run.checkpoints / "000001"
    for iteration in (2, 3):
        run.save_checkpoint(iteration, 2, lambda folder: Path(folder).mkdir())
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["000002", "000003"]


def test_a_finished_run_is_overwritten_only_on_request(run):
    (run.path / "notes.txt").write_text("mine")
    run.append_metrics({"iteration": 1})
    run.create()  # unfinished: a fresh start
    assert run.read_metrics() == []
    run.write_summary({"seed": 0})
    with pytest.raises(UserError, match=r"run.name is 'quick': .*/quick holds a finished run; give another name, --resume or"):
        run.create()
    run.create(overwrite=True)
    assert not run.summary.exists() and (run.path / "notes.txt").read_text() == "mine"


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(UserError, match=r"is not the folder of a run: it holds no config\.yaml"):
        RunDirectory.at(tmp_path)
    directory = RunDirectory(tmp_path, "new")
    with pytest.raises(UserError, match="the run has not finished"):
        directory.read_summary()
