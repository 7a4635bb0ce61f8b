"""A driver that is killed, interrupted and resumed, as a user does it: whole processes on a private Ray each.

The run that was torn must end like one that was not: the same tasks, tokens, rewards and metrics, each group once.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from small_run import small

from cluster.groups.lineage import replay
from cluster.observe.status import Status
from cluster.record.run_directory import RunDirectory
from cluster.start.parts import Models

ITERATIONS, GROUPS = 6, 3
DEADLINE_S = 150.0
REPOSITORY = Path(__file__).parents[2]
OF_THE_MOMENT = ("time/", "idle/", "health/", "judge/", "alarms/", "wall_s", "rollout/tokens_per_s", "rollout/retried_groups")
"""Scalars of how it went and not of what was learned."""
SAMPLED = ("task_id", "group_id", "seed", "tokens", "turn", "turns", "score", "success", "status", "messages")


@dataclass
class Runs:
    """Where runs are started, with a temp folder of their own."""

    folder: Path
    temp: Path

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        environment = os.environ | {
            "TMPDIR": str(self.temp),
            "PYTHONPATH": str(REPOSITORY),
            "RAY_memory_monitor_refresh_ms": "0",
        }
        for inherited in ("RAY_ADDRESS", "WANDB_SERVICE"):  # this session's W&B would hold on to a killed driver's run
            environment.pop(inherited, None)
        command = [sys.executable, "-m", "cluster", "train", str(self.folder / "run.yaml"), f"run.name={name}", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )

    def directory(self, name: str) -> RunDirectory:
        return RunDirectory(self.folder, name)

    def wait_for(self, name: str, iteration: int, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while max((row["iteration"] for row in self.directory(name).read_metrics()), default=0) < iteration:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture(scope="module")
def runs(models: tuple[Path, Models], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("resume")
    config = small(folder, rollout={"group_size": 4, "groups_per_step": GROUPS, "concurrency": 16, "max_context": 384})
    config.rollout.max_turn_tokens = 24
    config.run.iterations, config.checkpoint.every, config.checkpoint.keep = ITERATIONS, 2, 2
    config.sft = None
    config.policies["agent"].model = str(models[1].acting)
    assert config.policies["user"].mix is not None
    config.policies["user"].mix[0].model = str(models[1].frozen["user"])
    config.eval.greedy = config.eval.constant_user = config.eval.baselines = False
    (folder / "run.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    with tempfile.TemporaryDirectory(prefix="pt-") as temp:
        yield Runs(folder, Path(temp))


@pytest.fixture(scope="module")
def whole(runs: Runs) -> RunDirectory:
    """The run that nothing happens to."""
    process = runs.start("whole")
    _, errors = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 0, errors
    return runs.directory("whole")


def learned(directory: RunDirectory) -> list[dict[str, Any]]:
    """The metrics that say what was learned."""
    rows = [row for row in directory.read_metrics() if "reward/score" in row]
    return [{name: value for name, value in row.items() if not name.startswith(OF_THE_MOMENT)} for row in rows]


def members(group: int) -> list[str]:
    """Command lines of the living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append((stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def descendants(pid: int) -> list[int]:
    """All processes below one, whatever their group."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, new = set(), {pid}
    while new:
        found |= new
        new = {child for child, parent in parents.items() if parent in new} - found
    return sorted(found - {pid})


def gone(pids: list[int], within_s: float) -> list[int]:
    """Those of some processes that still live after a while."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        pids = [pid for pid in pids if Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text()]
        if not pids:
            break
        time.sleep(0.2)
    return pids


def test_killed_then_interrupted_then_resumed_it_ends_like_the_run_nothing_happened_to(runs: Runs, whole: RunDirectory):
    torn = runs.directory("torn")
    first = runs.start("torn")
    runs.wait_for("torn", 3, first)  # one past the checkpoint, so that something is void
    children = descendants(first.pid)
    first.kill()
    first.communicate()
    assert gone(children, 30.0) == [], "whatever a killed driver had started ends too"
    assert torn.newest_checkpoint() == torn.checkpoints / "000002"
    refused = runs.start("torn")
    _, errors = refused.communicate(timeout=60)
    assert refused.returncode == 2 and "--resume" in errors and "Traceback" not in errors

    second = runs.start("torn", "--resume")
    runs.wait_for("torn", 4, second)
    children = descendants(second.pid)
    os.killpg(second.pid, signal.SIGINT)  # as a terminal does it: everybody gets it
    _, errors = second.communicate(timeout=60)
    assert second.returncode == 130 and "--resume goes on" in errors and "Traceback" not in errors, errors
    assert gone(children, 10.0) == [] and members(second.pid) == []
    status = Status.read(torn.path)
    assert (status.state, status.exit_code, status.cause) == ("interrupted", 130, "interrupted by SIGINT")
    kept = torn.newest_checkpoint()
    assert kept is not None and int(kept.name) >= 4, "what was learned until then was kept"

    third = runs.start("torn", "--resume")
    _, errors = third.communicate(timeout=DEADLINE_S)
    assert third.returncode == 0, errors
    assert learned(torn) == learned(whole)
    for iteration in range(1, ITERATIONS + 1):
        ours, theirs = torn.read_trajectories("train", iteration), whole.read_trajectories("train", iteration)
        for column in SAMPLED:
            assert ours[column] == theirs[column], (iteration, column)
    counts = replay(torn.ledger.read_text().splitlines(keepends=True))
    assert (counts.consumed, counts.dropped, counts.live) == (ITERATIONS * GROUPS, 0, 0)
    assert counts.void > 0
    assert [row["iteration"] for row in torn.read_metrics()][:ITERATIONS] == list(range(1, ITERATIONS + 1))


def test_nothing_is_left_in_the_temp_folder(runs: Runs, whole: RunDirectory):
    """After a clean end, an interruption and (once another run has started) a kill."""
    assert [path.name for path in runs.temp.iterdir()] == []


def test_sigterm_is_an_interruption_too_also_while_rollouts_run_ahead(runs: Runs):
    process = runs.start("terminated", "rollout.max_staleness=2")
    runs.wait_for("terminated", 2, process)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143 and "interrupted by SIGTERM" in errors, errors
    again = runs.start("terminated", "rollout.max_staleness=2", "--resume")
    _, errors = again.communicate(timeout=DEADLINE_S)
    assert again.returncode == 0, errors
    directory = runs.directory("terminated")
    counts = replay(directory.ledger.read_text().splitlines(keepends=True))
    assert (counts.consumed, counts.dropped) == (ITERATIONS * GROUPS, 0)
    groups = [set(pq.read_table(path)["group_id"].to_pylist()) for path in directory.trajectories.glob("train-*.parquet")]
    assert sorted(group for ids in groups for group in ids) == list(range(ITERATIONS * GROUPS)), "each group once, in one step"
    assert json.loads(directory.summary.read_text())["iterations"] == ITERATIONS
