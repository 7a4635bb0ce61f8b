"""Evaluation on held-out tasks: the same tasks and the same seeds every time, one episode each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from actors.pool import ActorPool
from actors.rollout import GroupRequest, Weights
from actors.speaker import derived_seed
from cluster.config import Config
from cluster.config.gym_counts import heldout_counts
from cluster.groups.collector import Broken, Collector, Patience, shortfall
from cluster.groups.stream import Stream
from cluster.groups.tasks import heldout_tasks
from rewards.trajectory import concat

MAX_MASKED = 0.1
"""An evaluation with a larger share of failed episodes says nothing."""


@dataclass(frozen=True, slots=True)
class Way:
    """How an evaluation is played."""

    temperature: float | None = None
    """0 is greedy; None is `eval.temperature`."""
    opponent: str | None = None
    """A named partner instead of `eval.user`, or of the mix."""
    transfer: bool = False
    """The gyms of `gyms.transfer` instead of those that are trained on."""


SAMPLED = Way()


def play_heldout(
    workers: ActorPool, config: Config, weights: dict[str, Weights], patience: Patience, way: Way = SAMPLED
) -> pa.Table:
    """The trajectories of one evaluation. Raises `Broken` if too many episodes failed."""
    counts = heldout_counts(config, transfer=way.transfer)
    temperature = config.eval.temperature if way.temperature is None else way.temperature
    opponent = way.opponent or config.eval.user
    requests = [
        GroupRequest(task, number, 0, (derived_seed(config.run.seed, "heldout", task.id),), temperature, opponent, weights)
        for number, task in enumerate(heldout_tasks(counts, config.gyms.tasks))
    ]
    tables = play(workers, requests, patience)
    refuse_masked([shortfall(table) for table in tables])
    return concat(tables)


def play(
    workers: ActorPool,
    requests: Sequence[GroupRequest],
    patience: Patience,
    arrived: Callable[[int, pa.Table], None] = lambda place, table: None,
) -> list[pa.Table]:
    """Play all requests, in any order of finish; tables come back in the order of the requests, and `arrived` hears of each, by
    its place, as it comes.

    What still fails at its last attempt stays as a masked row.
    """
    numbered = [replace(request, group_id=number) for number, request in enumerate(requests)]
    collector = Collector(
        workers,
        Stream(groups_per_step=len(requests)),
        lambda number, attempt: replace(numbered[number], attempt=attempt),
        patience,
        tolerant=True,
        arrived=arrived,
    )
    try:
        return collector.step(0)
    finally:
        collector.abandon()


def refuse_masked(reasons: Sequence[str | None], planned: int | None = None) -> None:
    """Raise `Broken` if more than MAX_MASKED of the episodes failed, given why each did that did; `planned` is how many there
    are in all (None: these)."""
    masked, planned = [reason for reason in reasons if reason], len(reasons) if planned is None else planned
    if len(masked) > MAX_MASKED * planned:
        raise Broken(f"{len(masked)} of {planned} evaluation episodes failed, the first one: {masked[0]}")
