"""What scripts reach on the held-out tasks that the policy is evaluated on.

`random`, `best_fixed_script` (chosen on train tasks) and a gym's own say what can be had without understanding; `oracle`
what can be had at all. They meet the scripted user and the rule judge, in this process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pyarrow as pa

import envs
from actors.acting import baselines
from actors.rollout import Cast, GroupRequest, run_group, scripted
from actors.speaker import derived_seed
from cluster.config import Config, gym_params
from cluster.config.gym_counts import heldout_counts
from cluster.groups.tasks import heldout_tasks
from envs.base import Speaker
from rewards.trajectory import concat


def play_baselines(config: Config, *, transfer: bool = False) -> dict[str, pa.Table]:
    """One table of held-out episodes per baseline, over all gyms that are trained on, or all `transfer` gyms."""
    tables: dict[str, list[pa.Table]] = {}
    for gym, count in sorted(heldout_counts(config, transfer=transfer).items()):
        for name, make in baselines(gym, config.gyms.tasks.get(gym, {})).items():
            tables.setdefault(name, []).append(asyncio.run(_play(config, gym, count, make)))
    return {name: concat(parts) for name, parts in tables.items()}


async def _play(config: Config, gym: str, count: int, make: Callable[[int], Speaker]) -> pa.Table:
    cast = Cast(
        acting=lambda _, seed: make(seed),
        partners={"scripted": (1.0, scripted("partner"))},
        judge=envs.RuleJudge(),
        gym_params={gym: gym_params(config, gym)},
        max_turns=config.gyms.max_turns,
    )
    limit = asyncio.Semaphore(config.rollout.concurrency)
    tables = []
    for number, task in enumerate(heldout_tasks({gym: count}, config.gyms.tasks)):
        seeds = (derived_seed(config.run.seed, "heldout", task.id),)
        tables.append(await run_group(GroupRequest(task, number, 0, seeds), cast, limit))
    return concat(tables)
