"""What W&B is given, read back from the offline run."""

import pytest
import synthetic_run
from wandb_reader import finished_run

from cluster.monitor import COLUMNS, Monitor, conversations


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


def test_disabled_writes_nothing(tmp_path):
    monitor = Monitor("disabled", tmp_path / "wandb", "quick", {})
    monitor.log(1, {"reward/success": 1.0})
    monitor.finish()
    assert not (tmp_path / "wandb").exists()


@pytest.mark.parametrize(("count", "tasks"), [(0, []), (1, [0]), (3, [0, 1, 3]), (99, [0, 1, 2, 3, 4])])
def test_conversations_are_spread_over_the_table(count, tasks):
    rows = conversations(synthetic_run.episodes(0.5, 5), 7, count)
    assert [row[1] for row in rows] == [f"heldout-{task}" for task in tasks]
