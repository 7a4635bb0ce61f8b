"""Agents that should do badly, and the oracle. They are the cheapest check that a reward is honest.

Contract: only the oracle reads everything. `Deaf` and `Repeater` read the claim and no reply; the others read nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

from envs.base import Speaker, Utterance, View
from envs.persuade.expert import Oracle, unframed
from envs.persuade.grammar import subject
from envs.persuade.task import PersuadeTask
from envs.persuade.topics import TOPICS, argument
from envs.speakers import FixedScript

TURNS = 16


class RandomPlayer(FixedScript):
    """Random reasons against random claims of `tasks`."""

    def __init__(self, tasks: Sequence[PersuadeTask], seed: int) -> None:
        rng = random.Random(f"persuade random {seed}")
        super().__init__([_against(rng.choice(tasks), rng.choice(list(TOPICS))) for _ in range(TURNS)])


class KeywordSpray(FixedScript):
    """Every topic in one argument against many claims."""

    def __init__(self, tasks: Sequence[PersuadeTask]) -> None:
        named = " ".join(dict.fromkeys(word for task in tasks for word in subject(task.visible.claim).split()))
        nouns = " ".join(topic.noun for topic in TOPICS.values())
        super().__init__([f"[answer] {named} harm {nouns}.", f"[answer] {named} waste money."])


class Deaf:
    """Reads the claim, then goes through the topics; with one topic it says the same for ever."""

    def __init__(self, topics: Sequence[str], seed: int) -> None:
        self._topics = random.Random(f"persuade deaf {seed}").sample(topics, len(topics))
        self._subject, self._turn = "", 0

    async def speak(self, view: View) -> Utterance:
        if not self._turn:
            self._subject = subject(unframed(view.messages[0].content)[0])
        topic = self._topics[self._turn % len(self._topics)]
        self._turn += 1
        return Utterance(f"[answer] {argument(self._subject, topic, 'train')}")


def best_fixed_script(tasks: Sequence[PersuadeTask]) -> FixedScript:
    """Against the words that claims hold most often, kind of reason by kind of reason."""
    frequent = Counter(word for task in tasks for word in subject(task.visible.claim).split()).most_common(6)
    named = " ".join(word for word, _ in frequent)
    return FixedScript([f"[answer] {argument(named, topic, 'train')}" for topic in TOPICS])


def baselines(train_tasks: Sequence[PersuadeTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a learned score is held against. Only `oracle` reads."""
    script = best_fixed_script(train_tasks)
    return {
        "random": lambda seed: RandomPlayer(train_tasks, seed),
        "best_fixed_script": lambda seed: FixedScript(script.utterances),
        "oracle": Oracle,
    }


def _against(task: PersuadeTask, topic: str) -> str:
    return f"[answer] {argument(subject(task.visible.claim), topic, 'train')}"
