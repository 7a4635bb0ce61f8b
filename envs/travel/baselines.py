"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: `random`, `best_fixed_script` and the scripts of one utterance are context-free: they never read an opening or a
reply. `NeverAsks` reads all but the wishes, which it does not ask for.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from envs.base import Speaker, Utterance, View
from envs.speakers import FixedScript
from envs.travel.catalogue import ASPECT_OF, CITIES, LETTERS, MONTHS, THIRDS, TOPICS, VALUES
from envs.travel.expert import Demonstrator, Oracle
from envs.travel.task import TravelTask
from envs.travel.wording import NAMES, describe

QUESTIONS_FIRST = 8
MOST_OPTIONS = 10
FEWEST_WISHES = 2
"""Of an aspect."""


class EitherScript(FixedScript):
    """One script for answers by id; and one for those by value, if there is one."""

    def __init__(self, utterances: Sequence[str], by_value: Sequence[str] = ()) -> None:
        super().__init__(utterances)
        self.by_value = by_value

    async def speak(self, view: View) -> Utterance:
        if self.by_value and view.known.get("answer_by") == "value":
            self.utterances = self.by_value
        return await super().speak(view)


class RandomPlayer(EitherScript):
    """Random questions, then a random id of each aspect, or random values of two of its topics."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"travel random {seed}")
        asked = [f"[action] Which {topic}?" for topic in rng.sample(list(ASPECT_OF), QUESTIONS_FIRST)]
        ids = [f"[answer] {letter}{rng.randint(1, MOST_OPTIONS)}" for letter in LETTERS.values()]
        values = [f"[answer] {describe(_draw(rng, topics))}" for topics in TOPICS.values()]
        super().__init__([*asked, *ids], [*asked, *values])


class KeywordSpray(EitherScript):
    """Every topic in one question, everything that can be said in one search, all ids or values in one answer."""

    def __init__(self) -> None:
        said = " ".join([*NAMES.values(), *CITIES, *THIRDS, *MONTHS, *map(str, range(1, 10))])
        ids = ", ".join(f"{letter}{number}" for letter in LETTERS.values() for number in range(1, MOST_OPTIONS))
        values = " ".join(f"{topic} {value}" for topic, values in VALUES.items() for value in values)
        first = [f"[action] {' '.join(ASPECT_OF)}?", f"[search] {said}"]
        super().__init__([*first, f"[answer] {ids}"], [*first, f"[answer] {values}"])


class AskEverything(EitherScript):
    """A proper question for every topic, all in one turn, then one topic after the other; it never answers."""

    def __init__(self) -> None:
        questions = [f"Which {topic}?" for topic in ASPECT_OF]
        super().__init__([f"[action] {' '.join(questions)}", *(f"[action] {question}" for question in questions)])


class NeverSearches(Demonstrator):
    """Asks about one topic after the other and repeats what it was told, which only answers by value allow."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, vague=0, useless=0, careless=0, hasty=0, finish=0, blind=1)


class NeverAsks(Oracle):
    """Searches, and takes the cheapest there is where the trip goes."""

    def _topic(self, aspect: str) -> None:
        return None


def best_fixed_script(tasks: Sequence[TravelTask]) -> EitherScript:
    """Answers, for each aspect, the id that is best most often in train tasks, or fits if none is; or the best option's most
    frequent values."""
    worth, described = ({letter: Counter[str]() for letter in LETTERS.values()} for _ in range(2))
    for task in tasks:
        for block in task.hidden.blocks:
            worth[LETTERS[block.aspect]].update({id: 10 if id == block.best_id else 8 for id in block.correct_ids})
            described[LETTERS[block.aspect]][describe(block.correct[0].features)] += 1
    by_id, by_value = ([f"[answer] {best.most_common(1)[0][0]}" for best in of.values() if best] for of in (worth, described))
    return EitherScript(by_id, by_value)


def _draw(rng: random.Random, topics: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {topic: rng.choice(topics[topic]) for topic in rng.sample(list(topics), FEWEST_WISHES)}


def baselines(train_tasks: Sequence[TravelTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    script = best_fixed_script(train_tasks)
    return {
        "random": RandomPlayer,
        "best_fixed_script": lambda seed: EitherScript(script.utterances, script.by_value),
        "oracle": Oracle,
    }
