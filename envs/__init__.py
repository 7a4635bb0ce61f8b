"""Gyms: conversational tasks with partners, judges and scripted speakers.

Contract: everything is found by the gym's name. Nothing here knows Ray, torch or transformers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import envs.function
import envs.intention
import envs.persuade
import envs.search
import envs.tau
import envs.telepathy
import envs.travel
import envs.turtle
import envs.usersim  # noqa: F401  (they register themselves)
from envs import registry, task_file
from envs.adversarial import adversary
from envs.base import Demonstration, Gym, Judge, Role, Speaker, Split, Task, View
from envs.speakers import ConstantSpeaker, Nobody, scripted
from envs.verdicts import NoJudge, RuleJudge, validate_verdict

__all__ = [
    "ConstantSpeaker",
    "RuleJudge",
    "adversary",
    "create",
    "demonstrations",
    "first_views",
    "gyms",
    "load",
    "make",
    "scripted",
    "validate_verdict",
]


def gyms() -> list[str]:
    """The names of all gyms."""
    return registry.names()


def create(name: str, partner: Speaker, judge: Judge, *, preset: str | None = None, **params: Any) -> Gym:
    """A gym that is not reset yet. `params` go to its constructor and win over those of the preset."""
    return registry.entry(name).gym(partner, judge, **parameters(name, preset=preset, **params))


def make(
    name: str, *, task: Task, partner: Speaker, judge: Judge, preset: str | None = None, seed: int = 0, **params: Any
) -> Gym:
    """A gym ready to be stepped; what the acting role sees first is `gym.first_view`. Raises ValueError for a task that needs
    another judge or other parameters."""
    gym = create(name, partner, judge, preset=preset, **params)
    gym.first_view = gym.reset(task, seed)
    gym.fits(task)
    return gym


def load(name: str, split: Split, **options: Any) -> list[Task]:
    """The tasks of a gym's split; with `file` those of a task file (`envs.task_file`) instead of the gym's own lists."""
    if "file" in options:
        return task_file.load(name, split, **options)
    return list(registry.entry(name).load(split, **options))


def first_views(name: str, tasks: Iterable[Task], **params: Any) -> list[View]:
    """What the acting role sees first of each task. Raises ValueError for one of a world that is not here."""
    gym = create(name, Nobody(), NoJudge(), **params)
    return [gym.reset(task, 0) for task in tasks]


def demonstrations(
    name: str, role: Role, count: int, seed: int, *, params: Mapping[str, Any] | None = None, **options: Any
) -> list[Demonstration]:
    """Conversations to imitate, made from train tasks only and played with the gym's `params` (a preset included)."""
    if params is not None:
        options["params"] = parameters(name, **params)
    return registry.entry(name).demonstrations(role, count, seed, **options)


def parameters(name: str, *, preset: str | None = None, **params: Any) -> dict[str, Any]:
    """The constructor parameters of a gym: those given win over those of the preset."""
    entry = registry.entry(name)
    if preset is not None and preset not in entry.presets:
        raise registry.unknown(f"preset of {name}", preset, entry.presets)
    return {**(entry.presets[preset] if preset is not None else {}), **params}
