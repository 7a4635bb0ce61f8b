"""Evaluation on held-out tasks: the same tasks and the same seeds every time, one episode each."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from actors.rollout import GroupRequest
from actors.speaker import derived_seed
from cluster.collector import Collector
from cluster.config import Config
from cluster.tasks import heldout_tasks
from rewards.trajectory import concat

Weights = dict[str, tuple[int, list[Any]]]


def play_heldout(
    collector: Collector, config: Config, weights: Weights, *, temperature: float | None = None, opponent: str | None = None
) -> pa.Table:
    """The trajectories of one evaluation; `temperature` 0 is greedy, `opponent` names a partner instead of the mix."""
    temperature = config.eval.temperature if temperature is None else temperature
    requests = [
        GroupRequest(task, number, 0, (derived_seed(config.run.seed, "heldout", task.id),), temperature, opponent, weights)
        for number, task in enumerate(heldout_tasks(config.gyms.train, config.eval.tasks, config.gyms.tasks))
    ]
    return concat(collector.play(requests))
