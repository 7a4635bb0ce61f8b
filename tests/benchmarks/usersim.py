"""What UserSimGym does to every turn of a simulated user, per second of one core: reading it strictly, advancing its profile.

The turns are those of the demonstrator on held-out tasks: what `parse` and `advance` were called with is kept, then replayed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import envs
from envs import registry
from envs.conversation import converse, drive
from envs.usersim import gym
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting

COMPARES = (
    "Turns of a simulated user per second on one core: the strict parser, in `full` and `short`, and the state transition."
)
GYM = "UserSimGym"
Called = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Size:
    """Conversations, and how often their turns are replayed."""

    conversations: int
    repeats: int


FULL = Size(conversations=200, repeats=9)
SMALLEST = Size(conversations=1, repeats=1)


def measure(setting: Setting, size: Size) -> Outcome:
    """All in turns."""
    outcome = Outcome(COMPARES, {"conversations": size.conversations})
    kept = {
        "parse, full": (gym.parse, _kept("parse", "full", size.conversations)),
        "parse, short": (gym.parse, _kept("parse", "short", size.conversations)),
        "transition": (gym.advance, _kept("advance", "full", size.conversations)),
    }
    rates: dict[str, list[float]] = {what: [] for what in kept}
    for _ in range(size.repeats + 1):
        for what, (function, calls) in kept.items():
            rates[what].append(_rate(function, calls))
    for what, found in rates.items():
        outcome.add(what, "turns/s", found[1:])  # the first round fills caches
    return outcome


def _kept(name: str, prompt: str, conversations: int) -> list[Called]:
    """What the gym calls one of its functions with."""
    calls: list[Called] = []
    real = getattr(gym, name)

    def keep(*args: Any, **kwargs: Any) -> Any:
        calls.append((args, kwargs))
        return real(*args, **kwargs)

    tasks = envs.load(GYM, "heldout")
    with patch.object(gym, name, keep):
        for seed in range(conversations):
            task = tasks[seed % len(tasks)]
            agent = envs.scripted(GYM, "agent", seed)
            made = envs.make(GYM, task=task, partner=agent, judge=envs.RuleJudge(), seed=seed, prompt=prompt)
            drive(converse(made, made.first_view, registry.entry(GYM).demonstrator(seed)))
    return calls


def _rate(function: Callable[..., Any], calls: list[Called]) -> float:
    """Calls per second of processor time, which others on the machine disturb less than the clock."""
    began = time.process_time()
    for args, kwargs in calls:
        function(*args, **kwargs)
    return len(calls) / (time.process_time() - began)
