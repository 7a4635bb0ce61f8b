"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: all but the oracle are context-free: they never read an opening or a reply.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import zip_longest

from envs.base import Speaker
from envs.speakers import FixedScript
from envs.telepathy.attributes import QUESTIONS, Source
from envs.telepathy.expert import Oracle
from envs.telepathy.gym import GUESSES
from envs.telepathy.task import TelepathyTask
from envs.telepathy.things import things

QUESTIONS_FIRST = 13
"""Turns before `RandomPlayer` guesses: with GUESSES they fill an episode."""


class RandomPlayer(FixedScript):
    """Random questions, then random names of the whole catalogues of `sources`."""

    def __init__(self, sources: Sequence[Source], seed: int) -> None:
        rng = random.Random(f"telepathy random {seed}")
        forms = [form for source in sources for splits in QUESTIONS[source].values() for form in splits["train"]]
        names = [thing.name for source in sources for thing in things(source)]
        asked = [f"[action] {rng.choice(forms)}" for _ in range(QUESTIONS_FIRST)]
        super().__init__([*asked, *(f"[answer] {name}" for name in rng.sample(names, GUESSES))])


class KeywordSpray(FixedScript):
    """Every word that can be asked about in one turn, then every name in one guess."""

    def __init__(self, source: Source) -> None:
        names = " ".join(thing.name for thing in things(source))
        super().__init__([f"[action] {' '.join(QUESTIONS[source])}?", f"[answer] {names}"])


class AskEverything(FixedScript):
    """A proper question for every attribute, all in one turn, then every name with an "or" between."""

    def __init__(self, source: Source) -> None:
        forms = " ".join(splits["train"][0] for splits in QUESTIONS[source].values())
        super().__init__([f"[action] {forms}", f"[answer] {' or '.join(thing.name for thing in things(source))}"])


class Repeater(FixedScript):
    """The same question for ever."""

    def __init__(self, source: Source) -> None:
        super().__init__([f"[action] {next(iter(QUESTIONS[source].values()))['train'][0]}"])


def best_fixed_script(tasks: Sequence[TelepathyTask]) -> FixedScript:
    """Guesses the names of the first train tasks, source by source in turn: each thing comes once, so no script that does not
    read does better there."""
    by_source = [[task for task in tasks if task.source == source] for source in _sources(tasks)]
    mixed = [task for several in zip_longest(*by_source) for task in several if task]
    return FixedScript([f"[answer] {task.hidden.name}" for task in mixed[:GUESSES]])


def baselines(train_tasks: Sequence[TelepathyTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    sources, script = _sources(train_tasks), best_fixed_script(train_tasks)
    return {
        "random": lambda seed: RandomPlayer(sources, seed),
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }


def _sources(tasks: Sequence[TelepathyTask]) -> list[Source]:
    return list(dict.fromkeys(task.source for task in tasks if task.source != "userrl"))
