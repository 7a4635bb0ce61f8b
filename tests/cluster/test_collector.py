"""The collector against workers that fail on purpose: real actors, tables without tokens."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import envs
from actors.pool import ActorPool
from actors.rollout import GroupRequest
from cluster.groups.collector import LOOK_S, Broken, Collector, Patience, Stalled, shortfall
from cluster.groups.heldout import play, refuse_masked
from cluster.groups.ledger import Ledger
from cluster.groups.lineage import replay
from cluster.groups.stream import Stream
from rewards.trajectory import Row, to_table

TASK = envs.load("IntentionGym", "heldout")[0]


def worker() -> type:
    class Worker:
        """Dies once on group 1, raises on group 55, hangs on group 66; episodes with seed 77 never get a verdict."""

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
            if request.group_id == 55:
                raise ValueError("bad luck")
            if request.group_id == 66:
                await asyncio.sleep(600)
            statuses = ["judge_deadline" if seed == 77 else "ok" for seed in request.seeds]
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
                for index, status in enumerate(statuses)
            ]
            return to_table(rows)

    return Worker


@pytest.fixture
def workers(ray_cluster: None, tmp_path: Path) -> Any:
    pool = ActorPool.start("rollout worker", worker(), (str(tmp_path),), 2, 60, num_cpus=0.1, max_task_retries=0)
    yield pool
    pool.close()


PATIENCE = Patience(60.0)


def request(group_id: int, attempt: int = 0) -> GroupRequest:
    return GroupRequest(TASK, group_id, attempt, (1, 2))


def collect(workers: ActorPool, stream: Stream, asks: Callable[[int, int], GroupRequest] = request) -> Collector:
    return Collector(workers, stream, asks, PATIENCE)


def test_a_worker_that_dies_costs_an_attempt_and_loses_no_group(workers: ActorPool, tmp_path: Path):
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        stream = Stream(4, record=ledger.record)
        tables = collect(workers, stream).step(0)
    assert [table["group_id"][0].as_py() for table in tables] == [0, 1, 2, 3]
    assert tables[1]["attempt"][0].as_py() >= 1
    counts = replay((tmp_path / "ledger.jsonl").read_text().splitlines(keepends=True))
    assert (counts.consumed, counts.dropped) == (4, 0)
    assert counts.retried >= 1


def test_play_keeps_the_order_of_the_requests(workers: ActorPool):
    tables = play(workers, [request(0) for _ in range(6)], PATIENCE)
    assert [table["group_id"][0].as_py() for table in tables] == list(range(6))


def test_nothing_coming_back_is_an_error_that_names_what_is_awaited(workers: ActorPool):
    stream = Stream(1)
    stream.next_id = 66
    with pytest.raises(Stalled, match=r"groups \[66\].*judge 0 is stuck"):
        Collector(workers, stream, request, Patience(1.0, suspect=lambda: "judge 0 is stuck")).step(0)


def test_episodes_that_always_fail_stop_the_run_with_the_cause(workers: ActorPool):
    with pytest.raises(Broken, match="judge_deadline"):
        collect(workers, Stream(1), lambda g, a: GroupRequest(TASK, g, a, (77, 77, 77, 2))).step(0)


def test_what_failed_for_want_of_a_judge_waits_until_it_is_back(workers: ActorPool):
    """Three failures in a row would end the run."""
    down = iter([True] * 4)
    patience = replace(PATIENCE, absent=lambda: next(down, False))
    attempts: list[int] = []

    def failing_twice(group_id: int, attempt: int) -> GroupRequest:
        attempts.append(attempt)
        return GroupRequest(TASK, group_id, attempt, (77, 77, 77, 2) if attempt < 2 else (1, 2))

    began = time.monotonic()
    table = Collector(workers, Stream(1), failing_twice, patience).step(0)[0]
    assert attempts == [0, 1, 2] and table["attempt"][0].as_py() == 2
    assert next(down, None) is None and time.monotonic() - began > LOOK_S, "it was asked, and waited"


def test_what_a_worker_raises_is_named_and_leaves_nothing_under_way(workers: ActorPool):
    stream = Stream(1)
    stream.next_id = 55
    collector = collect(workers, stream)
    with pytest.raises(Broken, match="raised ValueError"):
        collector.step(0)
    collector.abandon()
    assert set(workers.balancer.in_flight.values()) == {0}
    assert len(play(workers, [request(0)], PATIENCE)) == 1, "the next one starts clean"


def test_an_evaluation_keeps_a_failed_episode_as_masked(workers: ActorPool):
    requests = [GroupRequest(TASK, 0, 0, (77 if number == 3 else 1,)) for number in range(12)]
    tables = play(workers, requests, PATIENCE)
    assert [table["status"][0].as_py() for table in tables].count("judge_deadline") == 1
    assert tables[3]["score"][0].as_py() is None


def test_an_evaluation_with_many_failures_says_nothing_and_is_refused(workers: ActorPool):
    requests = [GroupRequest(TASK, 0, 0, (77 if number < 3 else 1,)) for number in range(12)]
    tables = play(workers, requests, PATIENCE)
    with pytest.raises(Broken, match="3 of 12 evaluation episodes failed"):
        refuse_masked([shortfall(table) for table in tables])
