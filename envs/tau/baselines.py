"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: all but the oracle are context-free: they never read an opening or a reply.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence

from envs.base import Speaker
from envs.speakers import FixedScript
from envs.tau.expert import Oracle
from envs.tau.task import TauTask
from envs.tau.user import ASKS

CALLS = 6
"""How many calls a random player makes."""


def calls(task: TauTask) -> list[str]:
    """What is right in a task, as an agent writes it."""
    named = [{"name": action.name, "arguments": action.arguments} for action in task.hidden.actions]
    return [f"[answer] {json.dumps(call)}" for call in named]


def leave(task: TauTask) -> list[str]:
    """Tell what a task asks for, and end it."""
    return [f"[action] {' and '.join(task.hidden.outputs) or 'That'} is done. Goodbye.", "[finish]"]


class RandomPlayer(FixedScript):
    """Calls that were right in random train tasks, and random outputs of theirs."""

    def __init__(self, tasks: Sequence[TauTask], seed: int) -> None:
        rng = random.Random(f"tau random {seed}")
        several = [rng.choice(tasks) for _ in range(CALLS)]
        made = [rng.choice(calls(task)) for task in several]
        super().__init__([*made, *leave(several[-1])])


class KeywordSpray(FixedScript):
    """Asks for everything at once, reels off numbers, and says that all is settled."""

    def __init__(self) -> None:
        numbers = " ".join(map(str, range(40, 2400)))
        super().__init__([f"[action] {' '.join(ASKS)}?", f"[action] {numbers}", "[action] All is done. Anything else?"])


def best_fixed_script(tasks: Sequence[TauTask]) -> FixedScript:
    """What is right in the first train task: every task is about a database row of its own customer, so no script that does not
    read does better there."""
    return FixedScript([*calls(tasks[0]), *leave(tasks[0])])


def baselines(train_tasks: Sequence[TauTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    script = best_fixed_script(train_tasks)
    return {
        "random": lambda seed: RandomPlayer(train_tasks, seed),
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }
