"""The task lists of TauGym: every customer of a split with every combination of wishes of it, in an order a seed decides.

Invariants (tested): no customer, order, booking, combination or sentence is in both splits. To do nothing is never right.
"""

from __future__ import annotations

import random
from typing import Literal

from envs.base import Split
from envs.registry import unknown
from envs.tau.domain import OWN, domain, wishes
from envs.tau.goal import Draw, Goal
from envs.tau.people import split_of
from envs.tau.task import Action, Hidden, Request, TauTask, Visible, make_task
from envs.tau.wording import GREETINGS, WANTS, told

TASK_SEED = 0
SAID_AT_ONCE = 0.3
"""How often the opening tells the first thing about the first wish already."""
VARIANTS = 2
"""How often each customer comes with the same combination of wishes, about other orders or in other words."""
SOURCES = ("retail", "airline", "all", "tau_bench")


def load(
    split: Split,
    source: Literal["retail", "airline", "all", "tau_bench"] = "all",
    *,
    count: int | None = None,
    seed: int = TASK_SEED,
) -> list[TauTask]:
    """The tasks of a split, at most `count`. `tau_bench` needs the package of that name."""
    if source not in SOURCES:
        raise unknown("source of TauGym", source, SOURCES)
    if source == "tau_bench":
        from envs.tau.tau_bench import bench_tasks  # only who asks for it needs the package

        return bench_tasks(split)[:count]
    tasks = [task for name in (OWN if source == "all" else (source,)) for task in _tasks(split, name, seed)]
    random.Random(f"tau order {split} {seed}").shuffle(tasks)
    return tasks[:count]


def _tasks(split: Split, name: str, seed: int) -> list[TauTask]:
    data, rng = domain(name).fresh(), random.Random(f"tau {name} {split} {seed}")
    users = [user_id for user_id in data["users"] if split_of(user_id) == split]
    combinations = [(user, wish) for user in users for wish in wishes(name).templates[split] for _ in range(VARIANTS)]
    tasks = [_task(split, name, Draw(data, user, rng), wish) for user, wish in combinations]
    return list({task.id: task for task in tasks}.values())


def _task(split: Split, name: str, draw: Draw, template: tuple[str, ...]) -> TauTask:
    makers = wishes(name).makers
    goals = [goal for wish in template for goal in makers[wish](draw)]
    hidden = Hidden(
        identity=wishes(name).identity(draw),
        requests=tuple(Request(kind=goal.kind, slots=goal.slots) for goal in goals),
        actions=tuple(Action(name=called, arguments=arguments) for goal in goals for called, arguments in goal.actions),
        outputs=tuple(output for goal in goals for output in goal.outputs),
    )
    return make_task(split, Visible(domain=name, opening=_opening(split, name, goals[0], draw.rng)), hidden)


def _opening(split: Split, name: str, goal: Goal, rng: random.Random) -> str:
    said = [rng.choice(GREETINGS[split]), rng.choice(WANTS[name][goal.kind][split])]
    if rng.random() < SAID_AT_ONCE and goal.slots:
        slot = next(iter(goal.slots))
        said.append(told(slot, goal.slots[slot], split, rng))
    return " ".join(said)
