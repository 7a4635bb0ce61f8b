"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: `random`, `best_fixed_script` and the scripts of one utterance are context-free: they never read an opening or a
reply. `NeverAsks` reads all but the wishes, which it does not ask for.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from envs.base import Speaker
from envs.speakers import FixedScript
from envs.travel.catalogue import ASPECT_OF, CITIES, LETTERS, MONTHS, THIRDS
from envs.travel.expert import Oracle
from envs.travel.task import TravelTask
from envs.travel.wording import NAMES

QUESTIONS_FIRST = 8
MOST_OPTIONS = 10


class RandomPlayer(FixedScript):
    """Random questions, then a random id of each aspect."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"travel random {seed}")
        asked = [f"[action] Which {topic}?" for topic in rng.sample(list(ASPECT_OF), QUESTIONS_FIRST)]
        super().__init__([*asked, *(f"[answer] {letter}{rng.randint(1, MOST_OPTIONS)}" for letter in LETTERS.values())])


class KeywordSpray(FixedScript):
    """Every topic in one question, everything that can be said in one search, all ids in one answer."""

    def __init__(self) -> None:
        said = " ".join([*NAMES.values(), *CITIES, *THIRDS, *MONTHS, *map(str, range(1, 10))])
        ids = ", ".join(f"{letter}{number}" for letter in LETTERS.values() for number in range(1, MOST_OPTIONS))
        super().__init__([f"[action] {' '.join(ASPECT_OF)}?", f"[search] {said}", f"[answer] {ids}"])


class AskEverything(FixedScript):
    """A proper question for every topic, all in one turn, then one topic after the other; it never answers."""

    def __init__(self) -> None:
        questions = [f"Which {topic}?" for topic in ASPECT_OF]
        super().__init__([f"[action] {' '.join(questions)}", *(f"[action] {question}" for question in questions)])


class NeverAsks(Oracle):
    """Searches, and takes the cheapest there is where the trip goes."""

    def _topic(self, aspect: str) -> None:
        return None


def best_fixed_script(tasks: Sequence[TravelTask]) -> FixedScript:
    """Answers, for each aspect, the id that is best most often in train tasks, or fits if none is."""
    worth: dict[str, Counter[str]] = {letter: Counter() for letter in LETTERS.values()}
    for task in tasks:
        for block in task.hidden.blocks:
            worth[LETTERS[block.aspect]].update({id: 10 if id == block.best_id else 8 for id in block.correct_ids})
    return FixedScript([f"[answer] {ids.most_common(1)[0][0]}" for ids in worth.values() if ids])


def baselines(train_tasks: Sequence[TravelTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    script = best_fixed_script(train_tasks)
    return {
        "random": RandomPlayer,
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }
