"""A living run that is hurt on purpose: what the test of faults and the benchmark of recovery share."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cluster.algorithm import GRPO
from cluster.groups.lineage import lineage, replay
from cluster.train import advance
from rewards.trajectory import OK

DEADLINE_S = 150.0
"""For everything that must happen again after a fault; an engine takes about 10 s to start on a busy core."""


class Run:
    """The living algorithm and what has been said about it; stands for the console of `cluster.train.advance`."""

    def __init__(self, algorithm: GRPO) -> None:
        self.algorithm = algorithm
        self.said: list[str] = []
        algorithm.say = self.said.append

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    def progress(self, *_: Any) -> None:
        """An optimizer step was made."""

    def advance(self) -> None:
        """One iteration, or a return to the last checkpoint."""
        advance(self.algorithm, self.algorithm.parley, self)  # type: ignore[arg-type]

    def pid(self, name: str) -> int:
        """Of a component, as the health thread last saw it."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for member, known, _ in self.algorithm.observer.health.components():
                if member.name == name and known.alive and "pid" in known.vitals:
                    return int(known.vitals["pid"])
            time.sleep(0.1)
        raise AssertionError(f"no sign of life from {name}")

    def survive(self, fault: Callable[[], Any], during: bool = True) -> float:
        """Make the fault while groups are under way (or before), then go on for two optimizer steps; seconds to the first."""
        algorithm = self.algorithm
        goal = algorithm.version + 1
        timer = threading.Timer(0.3 if during else 0.0, fault)
        began = time.monotonic()
        timer.start()
        if not during:
            timer.join()
        while algorithm.version < goal:
            self.advance()
            assert time.monotonic() - began < DEADLINE_S
        seconds = time.monotonic() - began
        timer.join()
        self.advance()
        self.check()
        return seconds

    def check(self) -> None:
        """Ledger, metrics and trajectories of the run agree: no group is lost or counted twice."""
        algorithm, path = self.algorithm, self.algorithm.recorder.directory.path
        groups = algorithm.parley.rollout.groups_per_step
        counts = replay((path / "ledger.jsonl").read_text().splitlines(keepends=True))
        assert (counts.consumed, counts.steps, counts.dropped) == (algorithm.version * groups, algorithm.version, 0)
        rows = algorithm.recorder.directory.read_metrics()
        assert [row["iteration"] for row in rows] == list(range(1, algorithm.version + 1))
        seen: set[int] = set()
        for iteration in algorithm.recorder.directory.iterations():
            table = pq.read_table(path / "trajectories" / f"train-{iteration:06d}.parquet")
            assert table.num_rows == groups * algorithm.parley.rollout.group_size
            ids = set(table["group_id"].to_pylist())
            assert len(ids) == groups and not ids & seen, "a group was learned from twice"
            seen |= ids
            scored = [status == OK for status in table["status"].to_pylist()]
            assert sum(scored) >= len(scored) / 2
            for scores, ok in zip(table["score"].to_pylist(), scored, strict=True):
                assert (scores is not None) == ok, "a failure is never a score"
            versions = {v for row in table["version"].to_pylist() for v in row if v >= 0}
            stale = algorithm.parley.rollout.max_staleness
            assert all(iteration - 1 - stale <= version <= iteration - 1 for version in versions)
        ended = [group for row in _consumed(path) for group in row]
        assert len(ended) == len(set(ended))


def _consumed(path: Path) -> list[list[int]]:
    counting, _ = lineage((path / "ledger.jsonl").read_text().splitlines(keepends=True))
    return [event["groups"] for _, event in counting if event["event"] == "consumed"]


def kill(run: Run, name: str, number: int = signal.SIGKILL) -> Callable[[], None]:
    """The fault that sends a signal to a component's process, as it is now."""
    pid = run.pid(name)
    return lambda: os.kill(pid, number)


def breaks_engine() -> Callable[[Any], None]:
    """What to run inside a rollout worker so that the next step of its engine raises. Made here so that Ray ships it by
    value: workers cannot import tests."""

    def sabotage(worker: Any) -> None:
        def broken() -> None:
            raise ValueError("sabotaged")

        worker._engine._step = broken

    return sabotage
