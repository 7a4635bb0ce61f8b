"""The scripted agent that knows how to play, with as much noise as a demonstrator should have.

Contract: it reads the request and the replies, and knows the catalogue; with no noise it is the oracle. The noise leaves room
for reinforcement learning (learnability.md 1): vague questions, two at once, wrong or repeated slots, finishing early.
"""

from __future__ import annotations

import random

from envs.intention.asker import Asker, action, answer
from envs.intention.catalogue import CATEGORIES, QUESTIONS, SLOTS, VALUES
from envs.intention.grammar import facts
from envs.text import words

VAGUE_QUESTIONS = ("Can you tell me more?", "What do you want?")
EARLIEST_FINISH = 3


class Demonstrator(Asker):
    """Probabilities are per turn, and `slip` per value of the closing turn."""

    def __init__(
        self,
        seed: int,
        vague: float = 0.22,
        double: float = 0.10,
        useless: float = 0.25,
        finish: float = 0.15,
        slip: float = 0.0,
    ) -> None:
        self._rng = random.Random(f"intention expert {seed}")
        self._noise = {"vague": vague, "double": double, "useless": useless}
        self._finish, self._slip = finish, slip
        self._wanted: list[str] | None = None
        self._asked: set[str] = set()
        self._told: dict[str, str] = {}

    def read(self, text: str) -> None:
        """The first text is the request, all others are replies."""
        stated = dict(facts(text))
        if self._wanted is None:
            slots = next((CATEGORIES[word] for word in words(text) if word in CATEGORIES), SLOTS)
            self._wanted = [slot for slot in slots if slot not in stated]
        else:
            self._told |= {slot: value for slot, value in stated.items() if slot not in self._told}

    def ask(self) -> str:
        if self.turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        if kind == "vague":
            return action(self._rng.choice(VAGUE_QUESTIONS))
        if kind == "double":
            return action(" ".join(self._question(slot) for slot in self._rng.sample(SLOTS, 2)))
        slot = self._rng.choice(self._useless_slots() if kind == "useless" else self._open_slots())
        self._asked.add(slot)
        return action(self._question(slot))

    def answer(self) -> str:
        return answer({slot: self._recall(slot, value) for slot, value in self._told.items()})

    def _draw_kind(self) -> str:
        draw = self._rng.random()
        for kind, probability in self._noise.items():
            draw -= probability
            if draw < 0:
                return kind
        return "good"

    def _open_slots(self) -> list[str]:
        wanted = self._wanted or list(SLOTS)
        return [slot for slot in wanted if slot not in self._asked] or wanted

    def _useless_slots(self) -> list[str]:
        """Slots a good player would not ask for now."""
        good = set(self._open_slots())
        return [slot for slot in SLOTS if slot not in good]

    def _question(self, slot: str) -> str:
        return self._rng.choice(QUESTIONS).format(slot=slot)

    def _recall(self, slot: str, value: str) -> str:
        return self._rng.choice(VALUES[slot]) if self._slip and self._rng.random() < self._slip else value
