"""Agents that should do badly, and two that show the ceiling. They are the cheapest check that a reward is honest.

Contract: `RandomAsker`, `FixedScript`, `KeywordSpray` and `AskEverything` are context-free: they never read a request or a
reply. `CategoryScript` reads the category only, and what it is told. `Oracle` is the demonstrator without noise.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from envs.intention.asker import Asker, action, answer
from envs.intention.catalogue import CATEGORIES, QUESTIONS, SLOTS, VALUES
from envs.intention.expert import Demonstrator
from envs.intention.grammar import facts
from envs.intention.gym import LADDER, SPARE_TURNS
from envs.intention.task import IntentionTask
from envs.text import words


def _question(slot: str) -> str:
    return QUESTIONS[0].format(slot=slot)


class Oracle(Demonstrator):
    """The best that can be done."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, vague=0, double=0, useless=0, finish=0)


class RandomAsker(Asker):
    """A random slot each turn, a random value for every slot at the end."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"intention random {seed}")

    def ask(self) -> str:
        return action(_question(self._rng.choice(SLOTS)))

    def answer(self) -> str:
        return answer({slot: self._rng.choice(VALUES[slot]) for slot in SLOTS})


class FixedScript(Asker):
    """The same turns in every episode; the last is repeated."""

    def __init__(self, utterances: Sequence[str], closing: str = "[finish]") -> None:
        self.utterances, self.closing = utterances, closing

    def ask(self) -> str:
        return self.utterances[min(self.turn, len(self.utterances)) - 1]

    def answer(self) -> str:
        return self.closing


class KeywordSpray(FixedScript):
    """Every slot word in one turn, a value for every slot at the end."""

    def __init__(self) -> None:
        super().__init__([action(" ".join(SLOTS) + "?")], answer({slot: values[0] for slot, values in VALUES.items()}))


class AskEverything(FixedScript):
    """A proper question for every slot, all in one turn."""

    def __init__(self) -> None:
        super().__init__([action(" ".join(map(_question, SLOTS)))], answer({slot: v[0] for slot, v in VALUES.items()}))


class CategoryScript(Asker):
    """The category's six slots in order of importance, whatever the request states; answers what it was told."""

    def __init__(self) -> None:
        self._slots: list[str] | None = None
        self._told: dict[str, str] = {}

    def read(self, text: str) -> None:
        if self._slots is None:
            self._slots = list(next((CATEGORIES[word] for word in words(text) if word in CATEGORIES), SLOTS))
        else:
            self._told |= dict(facts(text))

    def ask(self) -> str:
        slots = self._slots or list(SLOTS)
        return action(_question(slots[(self.turn - 1) % len(slots)]))

    def answer(self) -> str:
        return answer(self._told)


def best_fixed_script(tasks: Sequence[IntentionTask]) -> FixedScript:
    """The best order of questions found by greedy search on `tasks`, with the most common value of each slot."""
    order: list[str] = []
    while len(order) < len(SLOTS):
        order.append(max((slot for slot in SLOTS if slot not in order), key=lambda slot: _gain(tasks, order, slot)))
    values = Counter((d.slot, d.value) for task in tasks for d in task.hidden.details)
    common = {slot: max(VALUES[slot], key=lambda value: values[slot, value]) for slot in SLOTS}
    return FixedScript([action(_question(slot)) for slot in order], answer(common))


def baselines(train_tasks: Sequence[IntentionTask]) -> dict[str, Callable[[int], Asker]]:
    """What a learned score is held against. Only `category_script` and `oracle` read the task."""
    script = best_fixed_script(train_tasks)
    return {
        "random": RandomAsker,
        "best_fixed_script": lambda seed: FixedScript(script.utterances, script.closing),
        "category_script": lambda seed: CategoryScript(),
        "oracle": Oracle,
    }


def _gain(tasks: Iterable[IntentionTask], order: list[str], slot: str) -> float:
    """How much of the tasks' worth asking `slot` next brings, where patience allows."""
    gain = 0.0
    for task in tasks:
        details = {detail.slot: LADDER[detail.importance] for detail in task.hidden.details}
        if slot in details and len(order) < len(details) + SPARE_TURNS:
            gain += details[slot] / sum(details.values())
    return gain
