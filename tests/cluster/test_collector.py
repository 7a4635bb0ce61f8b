"""The collector against workers that fail on purpose: real actors, tables without tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import envs
from actors.pool import ActorPool
from actors.rollout import GroupRequest
from cluster.collector import Broken, Collector, Stalled
from cluster.ledger import Ledger
from cluster.lineage import replay
from cluster.stream import Stream
from rewards.trajectory import Row, to_table

TASK = envs.load("IntentionGym", "heldout")[0]


def worker() -> type:
    class Worker:
        """Dies once on group 1, hangs on group 66, fails every episode of group 77."""

        def __init__(self, folder: str) -> None:
            self.folder = Path(folder)

        async def ping(self) -> None:
            return

        async def run_group(self, request: GroupRequest) -> pa.Table:
            import asyncio

            marker = self.folder / "died"
            if request.group_id == 1 and not marker.exists():
                marker.touch()
                os._exit(1)
            if request.group_id == 66:
                await asyncio.sleep(600)
            status = "judge_deadline" if request.group_id == 77 else "ok"
            rows = [
                Row(
                    policy="agent",
                    opponent="scripted",
                    gym=TASK.gym,
                    task_id=TASK.id,
                    split="train",
                    group_id=request.group_id,
                    episode_id=f"{request.group_id}.{index}",
                    attempt=request.attempt,
                    status=status,
                    score=1.0 if status == "ok" else None,
                )
                for index in range(len(request.seeds))
            ]
            return to_table(rows)

    return Worker


@pytest.fixture
def workers(ray_cluster: None, tmp_path: Path) -> Any:
    pool = ActorPool.start("rollout worker", worker(), (str(tmp_path),), 2, 60, num_cpus=0.1, max_task_retries=0)
    yield pool
    pool.close()


def request(group_id: int, attempt: int = 0) -> GroupRequest:
    return GroupRequest(TASK, group_id, attempt, (1, 2))


def test_a_worker_that_dies_costs_an_attempt_and_loses_no_group(workers: ActorPool, tmp_path: Path):
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        stream = Stream(4, record=ledger.record)
        tables = Collector(workers, stall_timeout_s=60).step(stream, 0, request)
    assert [table["group_id"][0].as_py() for table in tables] == [0, 1, 2, 3]
    assert tables[1]["attempt"][0].as_py() >= 1
    counts = replay((tmp_path / "ledger.jsonl").read_text().splitlines(keepends=True))
    assert (counts.consumed, counts.dropped) == (4, 0)
    assert counts.retried >= 1


def test_play_keeps_the_order_of_the_requests(workers: ActorPool):
    tables = Collector(workers, stall_timeout_s=60).play([request(0) for _ in range(6)])
    assert [table["group_id"][0].as_py() for table in tables] == list(range(6))


def test_nothing_coming_back_is_an_error_that_names_what_is_awaited(workers: ActorPool):
    stream = Stream(1)
    stream.next_id = 66
    with pytest.raises(Stalled, match=r"groups \[66\]"):
        Collector(workers, stall_timeout_s=1).step(stream, 0, request)


def test_episodes_that_always_fail_stop_the_run_with_the_cause(workers: ActorPool):
    stream = Stream(1)
    stream.next_id = 77
    with pytest.raises(Broken, match="judge_deadline"):
        Collector(workers, stall_timeout_s=60).step(stream, 0, request)
