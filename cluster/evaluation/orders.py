"""Which episodes an evaluation consists of: a pure function of its setting, in the order of its outputs.

Invariants
- The first episode of a task has the seed, the group number and so the opponent that `parley train` gives it before and after
  training: what is measured here of an exported model is what its run measured.
- Whom an episode meets is settled here: it depends on no other episode, be they played or missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actors.rollout import GroupRequest, draw_opponent
from actors.speaker import derived_seed
from cluster.config import Config
from cluster.evaluation.setting import Setting
from cluster.evaluation.subject import Subject
from cluster.start.parts import CONSTANT

SAMPLED, GREEDY = "sampled", "greedy"
Key = tuple[str, str, str, str, str, int]
"""agent, user, how, gym, task id, repeat: names one episode."""


@dataclass(frozen=True, slots=True)
class Order:
    """One episode to be played."""

    agent: str
    user: str
    how: str
    tasks: str
    repeat: int
    request: GroupRequest

    @property
    def key(self) -> Key:
        task = self.request.task
        return self.agent, self.user, self.how, task.gym, task.id, self.repeat


def orders(setting: Setting, subject: Subject) -> list[Order]:
    """Every episode of one agent."""
    return list(_orders(setting, subject))


def _orders(setting: Setting, subject: Subject) -> Iterator[Order]:
    config = setting.config
    mix = {name: user.weight for name, user in setting.users.items()}
    timed = setting.timed and subject.kind != "script"
    for how, temperature in _hows(config, subject):
        for user, opponent in setting.columns.items():
            if how == GREEDY and opponent == CONSTANT:
                continue  # what the constant user is for, sampling tells
            for tasks, some in setting.tasks.items():
                for number, task in enumerate(some):
                    for repeat in range(config.eval.repeats):
                        seeds = (_seed(config.run.seed, task.id, repeat),)
                        met = opponent or draw_opponent(mix, number, seeds)
                        request = GroupRequest(task, number, 0, seeds, temperature, met, timed=timed)
                        yield Order(subject.label, user, how, tasks, repeat, request)


def _hows(config: Config, subject: Subject) -> list[tuple[str, float]]:
    """(how, temperature). A script samples nothing."""
    greedy = [(GREEDY, 0.0)] if config.eval.greedy and subject.kind != "script" else []
    return [(SAMPLED, config.eval.temperature), *greedy]


def _seed(seed: int, task: str, repeat: int) -> int:
    return derived_seed(seed, "heldout", task, *([repeat] if repeat else []))
