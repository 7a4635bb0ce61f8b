"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: all but `OneSearch` and the oracle are context-free: they never read a question or a result.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from envs.base import Speaker, Utterance, View
from envs.search.expert import Oracle
from envs.search.grammar import facts, read_question, read_results
from envs.search.gym import ANSWERS
from envs.search.relations import RELATIONS
from envs.search.task import SearchTask
from envs.speakers import FixedScript

SEARCHES_FIRST = 3


class RandomPlayer(FixedScript):
    """Searches for random things that train questions begin with, then answers with random answers of theirs."""

    def __init__(self, tasks: Sequence[SearchTask], seed: int) -> None:
        rng = random.Random(f"search random {seed}")
        starts = [f"[search] {rng.choice(tasks).hidden.path[0]}" for _ in range(SEARCHES_FIRST)]
        super().__init__([*starts, *(f"[answer] {rng.choice(tasks).hidden.answer}" for _ in range(ANSWERS))])


class KeywordSpray(FixedScript):
    """Every word of every relation in one search, then many names in one answer."""

    def __init__(self, tasks: Sequence[SearchTask]) -> None:
        phrases = " ".join(relation.phrase["train"].format(x="") for relation in RELATIONS.values())
        names = " ".join(sorted({task.hidden.answer for task in tasks}))
        super().__init__([f"[search] {phrases}", f"[answer] {names}"])


class OneSearch:
    """Searches for the whole question once, and answers with the names of the right kind that come up, never looking one up."""

    def __init__(self, seed: int) -> None:
        self._rng, self._wanted, self._names = random.Random(f"search once {seed}"), "", list[str]()

    async def speak(self, view: View) -> Utterance:
        asked = view.messages[-1].content
        if question := read_question(asked):
            self._wanted = RELATIONS[question.chain[-1]].target
            return Utterance(f"[search] {asked}")
        for article in read_results(asked):
            for fact in facts(article.text):
                ends = ((RELATIONS[fact.relation].source, fact.x), (RELATIONS[fact.relation].target, fact.y))
                self._names += [name for kind, name in ends if kind == self._wanted and name not in self._names]
        if not self._names:
            return Utterance("[finish]")
        return Utterance(f"[answer] {self._names.pop(self._rng.randrange(len(self._names)))}")


def best_fixed_script(tasks: Sequence[SearchTask]) -> FixedScript:
    """Gives the most frequent answers of the train tasks: no script that does not read does better there."""
    frequent = Counter(task.hidden.answer for task in tasks).most_common(ANSWERS)
    return FixedScript([f"[answer] {answer}" for answer, _ in frequent])


def baselines(train_tasks: Sequence[SearchTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    script = best_fixed_script(train_tasks)
    return {
        "random": lambda seed: RandomPlayer(train_tasks, seed),
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }
