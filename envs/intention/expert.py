"""The scripted agent that knows how to play, with as much noise as a demonstrator should have.

Contract: it reads the request and the replies, and knows how to ask (`knowledge.py`), but no value; with no noise it is the
oracle. The noise leaves room for reinforcement learning (learnability.md 1): vague questions, two at once, wrong or repeated
slots, finishing early.
"""

from __future__ import annotations

import random

from envs.intention.asker import Asker, action, answer
from envs.intention.catalogue import VALUES
from envs.intention.knowledge import knowledge

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
        self._known = knowledge("")
        self._reading = False
        self._asked: set[str] = set()
        self._told: dict[str, str] = {}

    def read(self, text: str) -> None:
        """The first text is the request, all others are replies."""
        if not self._reading:
            self._known, self._reading = knowledge(text), True
        else:
            self._told |= {slot: value for slot, value in dict(self._known.stated(text)).items() if slot not in self._told}

    def ask(self) -> str:
        if self.turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        if kind == "vague":
            return action(self._rng.choice(VAGUE_QUESTIONS))
        if kind == "double":
            return action(" ".join(self._question(slot) for slot in self._rng.sample(list(self._known.questions), 2)))
        slot = self._rng.choice((kind == "useless" and self._useless_slots()) or self._open_slots())
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
        wanted = self._known.wanted
        return [slot for slot in wanted if slot not in self._asked] or list(wanted)

    def _useless_slots(self) -> list[str]:
        """Slots a good player would not ask for now."""
        good = set(self._open_slots())
        return [slot for slot in self._known.questions if slot not in good]

    def _question(self, slot: str) -> str:
        return self._rng.choice(self._known.questions[slot])

    def _recall(self, slot: str, value: str) -> str:
        """A slip takes another value of the slot, or of another slot where nobody knows which there are."""
        others = VALUES.get(slot) or tuple(self._told.values())
        return self._rng.choice(others) if self._slip and self._rng.random() < self._slip else value
