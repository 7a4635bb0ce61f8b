"""Which task each training group plays: a pure function of (seed, group id), so a resumed run goes on where it stopped.

Gyms are drawn by weight; inside a gym every task comes once per epoch, in an order shuffled anew each epoch.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import Any

import envs
from actors.speaker import derived_seed
from cluster.errors import UserError
from envs.base import Task

Options = Mapping[str, Mapping[str, Any]]
"""Options of each gym's task loader."""


def check(gyms: Iterable[str], options: Options) -> None:
    """Raise UserError for a gym without train tasks: some sources are held out for good."""
    for gym in gyms:
        asked = options.get(gym, {})
        if not envs.load(gym, "train", **asked):
            raise UserError(
                f"gyms.tasks.{gym} is {dict(asked)}: nothing of it may be trained on; train on another source, and measure "
                "this one by `parley eval` or as a transfer gym."
            )


class TaskSource:
    """The training tasks of a run."""

    def __init__(self, weights: Mapping[str, float], seed: int, options: Options | None = None) -> None:
        self._gyms = sorted(weights)
        self._weights = [weights[gym] for gym in self._gyms]
        self._tasks = {gym: envs.load(gym, "train", **(options or {}).get(gym, {})) for gym in self._gyms}
        self._seed = seed
        self._orders: dict[tuple[str, int], list[int]] = {}
        self._drawn: list[tuple[str, int]] = []
        self._count: dict[str, int] = dict.fromkeys(self._gyms, 0)

    def task(self, group_id: int) -> Task:
        """The task of a group."""
        while len(self._drawn) <= group_id:
            rng = random.Random(derived_seed(self._seed, "gym", len(self._drawn)))
            gym = rng.choices(self._gyms, self._weights)[0]
            self._drawn.append((gym, self._count[gym]))
            self._count[gym] += 1
        gym, number = self._drawn[group_id]
        epoch, place = divmod(number, len(self._tasks[gym]))
        return self._tasks[gym][self._order(gym, epoch)[place]]

    def _order(self, gym: str, epoch: int) -> list[int]:
        if (gym, epoch) not in self._orders:
            order = list(range(len(self._tasks[gym])))
            random.Random(derived_seed(self._seed, "order", gym, epoch)).shuffle(order)
            self._orders[gym, epoch] = order
        return self._orders[gym, epoch]


def heldout_tasks(counts: Mapping[str, int], options: Options | None = None) -> list[Task]:
    """The first held-out tasks of each gym, so many of it: the same ones in every evaluation."""
    return [t for gym in sorted(counts) for t in envs.load(gym, "heldout", **(options or {}).get(gym, {}))[: counts[gym]]]
