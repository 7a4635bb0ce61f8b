"""Evaluation on held-out tasks: the same tasks and the same seeds every time, one episode each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from actors.pool import ActorPool
from actors.rollout import GroupRequest, Weights
from actors.speaker import derived_seed
from cluster.config import Config
from cluster.groups.collector import Broken, Collector, Patience, shortfall
from cluster.groups.stream import Stream
from cluster.groups.tasks import heldout_tasks
from rewards.trajectory import concat

MAX_MASKED = 0.1
"""An evaluation with a larger share of failed episodes says nothing."""


def play_heldout(
    workers: ActorPool,
    config: Config,
    weights: dict[str, Weights],
    patience: Patience,
    *,
    temperature: float | None = None,
    opponent: str | None = None,
) -> pa.Table:
    """The trajectories of one evaluation; `temperature` 0 is greedy, `opponent` names a partner instead of the mix."""
    temperature = config.eval.temperature if temperature is None else temperature
    requests = [
        GroupRequest(task, number, 0, (derived_seed(config.run.seed, "heldout", task.id),), temperature, opponent, weights)
        for number, task in enumerate(heldout_tasks(config.gyms.train, config.eval.tasks, config.gyms.tasks))
    ]
    return concat(play(workers, requests, patience))


def play(workers: ActorPool, requests: Sequence[GroupRequest], patience: Patience) -> list[pa.Table]:
    """Play all requests, in any order of finish; tables come back in the order of the requests.

    What still fails at its last attempt stays as a masked row; more than MAX_MASKED of them raise `Broken`.
    """
    numbered = [replace(request, group_id=number) for number, request in enumerate(requests)]
    collector = Collector(
        workers,
        Stream(groups_per_step=len(requests)),
        lambda number, attempt: replace(numbered[number], attempt=attempt),
        patience,
        tolerant=True,
    )
    try:
        tables = collector.step(0)
    finally:
        collector.abandon()
    masked = [reason for table in tables if (reason := shortfall(table))]
    if len(masked) > MAX_MASKED * len(tables):
        raise Broken(f"{len(masked)} of {len(tables)} evaluation episodes failed, the first one: {masked[0]}")
    return tables
