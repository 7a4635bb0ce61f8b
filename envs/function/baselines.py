"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: all but the oracle are context-free: they never read an opening or a reply.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from envs.base import Speaker
from envs.function.expert import Oracle
from envs.function.gym import ANSWERS
from envs.function.task import FunctionTask
from envs.speakers import FixedScript

PROBES_FIRST = 5
"""Turns before `RandomPlayer` answers."""


class RandomPlayer(FixedScript):
    """Random probes, then results of train tasks at random."""

    def __init__(self, results: Sequence[str], seed: int) -> None:
        rng = random.Random(f"function random {seed}")
        probes = [" ".join(str(rng.randint(-9, 9)) for _ in range(4)) for _ in range(PROBES_FIRST)]
        answers = [rng.choice(results) for _ in range(ANSWERS)]
        super().__init__(["[search] test", *(f"[action] {probe}" for probe in probes), *(f"[answer] {a}" for a in answers)])


class NumberSpray(FixedScript):
    """Every small whole number in one turn, as a probe and as an answer."""

    def __init__(self) -> None:
        numbers = " ".join(map(str, range(-20, 100)))
        super().__init__([f"[action] {numbers}", f"[answer] {numbers}"])


class Repeater(FixedScript):
    """The same probe for ever."""

    def __init__(self) -> None:
        super().__init__(["[action] 1 2 3 4"])


def best_fixed_script(tasks: Sequence[FunctionTask]) -> FixedScript:
    """Answers the results that most train tasks have: no script that does not read does better there."""
    common = Counter(str(task.hidden.expected) for task in tasks).most_common(ANSWERS)
    return FixedScript([f"[answer] {result}" for result, _ in common])


def baselines(train_tasks: Sequence[FunctionTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    results, script = [str(task.hidden.expected) for task in train_tasks], best_fixed_script(train_tasks)
    return {
        "random": lambda seed: RandomPlayer(results, seed),
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }
