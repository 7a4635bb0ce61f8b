"""The loop of an imitation with a learner that only counts: killed at any moment it ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from cluster.config.sft import SFTConfig
from cluster.errors import UserError
from cluster.imitation import work_folder
from cluster.imitation.best import Best
from cluster.imitation.course import Course
from cluster.imitation.loop import Loop
from cluster.imitation.work_folder import WorkFolder, read_log
from cluster.jobs.interruption import Interrupted
from learner.config import LearnerConfig
from learner.folder import whole_folder
from learner.plan import Update

STEPS = 23
TABLE = pa.table({"episode_id": ["0", "1", "1"]})
KILLED = 9


class Counting:
    """Its weights are a number that every step changes; its held-out loss is lowest after step 12."""

    def __init__(self, alive: Callable[[], None] = lambda: None) -> None:
        self.weights, self.steps, self._alive = 1, 0, alive

    def update(self, table: Any, updates: Sequence[Update], loss: str) -> list[dict[str, float]]:
        self._alive()
        metrics = []
        for update in updates:
            self.weights = (31 * self.weights + int(update.lr)) % 1_000_003
            self.steps += 1
            metrics.append({"loss": float(self.weights), "grad_norm": 1.0})
        return metrics

    def evaluate(self, table: Any, updates: Sequence[Update], loss: str) -> list[dict[str, float]]:
        self._alive()
        return [{"loss": 1.0 + abs(self.steps - 12)}]

    def save(self, directory: str) -> None:
        self._alive()
        (Path(directory) / "learner").write_text(json.dumps([self.weights, self.steps]))
        self._alive()

    def restore(self, directory: str) -> None:
        self.weights, self.steps = json.loads((Path(directory) / "learner").read_text())

    def export(self, directory: str, version: int) -> None:
        with whole_folder(directory) as scratch:
            self._alive()
            (scratch / "weights").write_text(str(self.weights))
        self._alive()


def settings(**heldout: Any) -> SFTConfig:
    return SFTConfig(log_every=5, checkpoint_every=7, heldout={"share": 0.5, "every": 4, **heldout})


def nothing(*_: Any) -> None:
    return


def imitate(out: Path, sft: SFTConfig, alive: Callable[[], None] = nothing, progress: Callable[..., None] = nothing) -> None:
    updates = [Update(float(step), 1.0, ()) for step in range(STEPS)]
    plan = Course(LearnerConfig(), TABLE, updates, [10] * STEPS, STEPS / 2, TABLE, updates[:1], [("t", 99)])
    work = WorkFolder(out)
    with work.held(nothing):
        work.same({"made": "of this"})
        Loop("agent", sft, plan, Counting(alive), work, progress).run(None, None)


def log(out: Path) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "tokens_per_s"} for row in read_log(out / "sft.jsonl")]


def killed_at(tick: int, out: Path, sft: SFTConfig) -> bool:
    """Whether a process of its own was killed at its `tick`-th moment before it had ended."""
    left = [tick]

    def alive() -> None:
        left[0] -= 1
        if left[0] < 0:
            os._exit(KILLED)

    child = os.fork()
    if child == 0:
        code = 1
        try:
            imitate(out, sft, alive, lambda *_: alive())
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == KILLED


@pytest.mark.parametrize(("keep", "every"), [("best", 1), ("last", 5)])
def test_killed_at_any_moment_it_ends_with_the_same_weights_and_the_same_log(tmp_path: Path, keep: str, every: int):
    imitate(tmp_path / "whole", settings(keep=keep))
    tick, out = 0, tmp_path / "torn"
    while killed_at(tick, out, settings(keep=keep)):
        assert not out.exists(), "no result before the end"
        if tick % 4 == 0:
            killed_at(tick % 5, out, settings(keep=keep))  # once more, soon after it went on
        if not out.exists():
            imitate(out, settings(keep=keep))
        assert (out / "weights").read_text() == (tmp_path / "whole" / "weights").read_text(), tick
        assert log(out) == log(tmp_path / "whole"), tick
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("torn")] == ["torn"], "nothing is left"
        shutil.rmtree(out)
        tick += every
    assert tick > 20


def test_the_best_weights_are_the_result_and_the_log_says_which(tmp_path: Path):
    imitate(tmp_path / "best", settings())
    imitate(tmp_path / "last", settings(keep="last"))
    assert (tmp_path / "best" / "weights").read_text() != (tmp_path / "last" / "weights").read_text()
    first, *rows = log(tmp_path / "best")
    assert (first["conversations"], first["steps"], first["too_long"]) == (2, STEPS, [{"task": "t", "tokens": 99}])
    assert [row["step"] for row in rows] == [4, 5, 7, 8, 10, 12, 14, 15, 16, 20, 21, 23]
    assert {row["step"]: row["heldout_loss"] for row in rows if "heldout_loss" in row} == {
        4: 9.0,
        8: 5.0,
        12: 1.0,
        16: 5.0,
        20: 9.0,
        23: 12.0,
    }
    assert rows[-1]["best_step"] == 12
    assert rows[-1]["epoch"] == 2.0 and sum(row["tokens"] for row in rows) == 10 * STEPS


def test_patience_ends_it(tmp_path: Path):
    imitate(tmp_path / "out", settings(patience=1))
    assert log(tmp_path / "out")[-1]["step"] == 16


def test_an_interruption_leaves_a_checkpoint_to_go_on_from(tmp_path: Path):
    def interrupted(what: str, done: int, total: int, shown: dict[str, float]) -> None:
        assert shown["loss"] > 0 and (done < 4 or "held-out" in shown)
        if done >= 10:
            raise Interrupted(2)

    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        imitate(out, settings(), progress=interrupted)
    newest = WorkFolder(out).checkpoint()
    assert newest is not None and newest.name == "checkpoint-000010"
    imitate(out, settings())
    imitate(tmp_path / "whole", settings())
    assert log(out) == log(tmp_path / "whole")


def test_a_checkpoint_of_something_else_is_not_gone_on_with(tmp_path: Path):
    work = WorkFolder(tmp_path / "out")
    with work.held(nothing):
        work.same({"sft": {"agent": {"lr": 1.0}}})
        work.resume()
        work.save(7, Best(), lambda _: None)
        with pytest.raises(UserError, match=r"sft\.agent\.lr is 2\.0, but what .* began with 1\.0"):
            work.same({"sft": {"agent": {"lr": 2.0}}})


def test_who_comes_second_waits_and_knows_for_whom(tmp_path: Path):
    work, waits = WorkFolder(tmp_path / "out"), list[str]()

    class Enough(Exception):
        pass

    def waiting(holder: str) -> None:
        waits.append(holder)
        if len(waits) == 2:
            raise Enough

    with work.held(waiting), pytest.raises(Enough), WorkFolder(tmp_path / "out").held(waiting):
        pass
    with work.held(waiting):
        assert len(waits) == 2
    assert all(holder.startswith(f"process {os.getpid()} on ") for holder in waits)


def test_nobody_waits_for_ever_for_a_process_that_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(work_folder, "POLL_S", 0.03)
    work, waits = WorkFolder(tmp_path / "out"), list[str]()

    def waiting(holder: str) -> None:
        waits.append(holder)
        if len(waits) < 10:
            work.log({"step": len(waits)})  # for so long it goes on

    says = rf"^process {os.getpid()} on .* holds .*\.lock, but has written no row to sft\.jsonl for 0\.1 s"
    with work.held(nothing), pytest.raises(UserError, match=says), WorkFolder(tmp_path / "out").held(waiting, patience_s=0.1):
        pass
    assert len(waits) > 10
