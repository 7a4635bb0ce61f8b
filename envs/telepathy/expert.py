"""The scripted agents that know how to play: they ask what rules out most, and guess when one thing is left.

Contract: they read the opening and the replies, never a task, and know the whole catalogue; each instance plays one episode and
writes the bracket wire. From the opening they take the split's own wording, so on held-out tasks they ask in words that no
demonstration holds. The noise of a demonstrator leaves room for reinforcement learning.
"""

from __future__ import annotations

import random

from envs.base import Split, Utterance, View
from envs.closed import heard
from envs.telepathy.attributes import QUESTIONS, Source
from envs.telepathy.knowledge import knowledge
from envs.telepathy.wording import WRONG, place
from envs.turns import unrewarded

VAGUE_QUESTIONS = ("Is it nice?", "Do you like it?")
EARLIEST_FINISH = 3
LAST_TURN = 16
"""From this turn on a guess is better than another question."""


class Demonstrator:
    """Probabilities are per turn: a question nobody can answer, one that rules out nothing, a guess too early, giving up.

    `careful` is how often a word of the name that follows by elimination alone is asked for all the same: a tiny model learns
    to name what was confirmed, and hardly to conclude.
    """

    def __init__(
        self,
        seed: int,
        vague: float = 0.10,
        useless: float = 0.10,
        hasty: float = 0.03,
        finish: float = 0.03,
        careful: float = 1.0,
    ) -> None:
        self._rng = random.Random(f"telepathy expert {seed}")
        self._noise = {"vague": vague, "useless": useless, "hasty": hasty}
        self._finish, self._careful = finish, careful
        self._source: Source = "generated"
        self._split: Split = "train"
        self._possible = 0
        self._confirmed: set[str] = set()
        self._asked: str | None = None
        self._guessed: str | None = None
        self._turn = 0

    async def speak(self, view: View) -> Utterance:
        for message in view.messages:
            self._read(unrewarded(message.content))
        self._turn += 1
        self._asked = self._guessed = None
        return Utterance(self._say())

    def _read(self, text: str) -> None:
        """The first text is the opening, all others are replies."""
        if not self._turn:
            self._source, self._split = place(text) or (self._source, self._split)
            self._possible = knowledge(self._source).everything
        answer, known = heard(text), knowledge(self._source)
        if self._asked is not None and answer is not None:
            self._possible = known.after(self._possible, self._asked, answer)
            self._confirmed |= {self._asked} if answer == "yes" else set()
        if self._guessed is not None and text.startswith(WRONG):
            self._possible = known.without(self._possible, self._guessed)

    def _say(self) -> str:
        if self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        if kind == "vague":
            return f"[action] {self._rng.choice(VAGUE_QUESTIONS)}"
        useful = self._useful()
        certain = [name for name in knowledge(self._source).certain(self._possible) if name not in self._confirmed]
        if certain and kind == "good" and self._turn < LAST_TURN and self._rng.random() < self._careful:
            return self._ask(self._rng.choice(certain))
        if kind == "hasty" or not useful or self._turn >= LAST_TURN:
            self._guessed = self._rng.choice(knowledge(self._source).guesses(self._possible, self._split))
            return f"[answer] {self._guessed}"
        useless = [name for name in QUESTIONS[self._source] if name not in useful]
        return self._ask(self._rng.choice(useless) if kind == "useless" and useless else self._best(useful))

    def _ask(self, attribute: str) -> str:
        self._asked = attribute
        return f"[action] {self._rng.choice(QUESTIONS[self._source][attribute][self._split])}"

    def _draw_kind(self) -> str:
        draw = self._rng.random()
        for kind, probability in self._noise.items():
            draw -= probability
            if draw < 0:
                return kind
        return "good"

    def _useful(self) -> dict[str, int]:
        """The attributes whose answer rules something out, with how many things it leaves at worst."""
        count, known = self._possible.bit_count(), knowledge(self._source)
        left = {name: known.left(self._possible, name) for name in QUESTIONS[self._source]}
        return {name: rest for name, rest in left.items() if rest < count}

    def _best(self, useful: dict[str, int]) -> str:
        least = min(useful.values())
        return self._rng.choice([name for name, rest in useful.items() if rest == least])


class Oracle(Demonstrator):
    """The best that can be done."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, vague=0, useless=0, hasty=0, finish=0, careful=0)
