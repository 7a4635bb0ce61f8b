"""The scripted agents that know how to play: they ask what rules out most, and explain when one value of each kind is left.

Contract: they read the surface and the replies, never a task; they know the catalogue and what scenes and events leave
possible, but no story. Each instance plays one episode and writes the bracket wire. From the opening they take the split's own
wording, so on held-out tasks they ask in words that no demonstration holds. A demonstrator's noise leaves room for learning.
"""

from __future__ import annotations

import random

from envs.base import Split, Utterance, View
from envs.closed import heard
from envs.text import words
from envs.turns import unrewarded
from envs.turtle.catalogue import Fact, catalogue
from envs.turtle.generator import candidates
from envs.turtle.values import EVENTS, SCENES
from envs.turtle.wording import Source, place

VAGUE_QUESTIONS = ("Is it odd?", "Is it sad?")
EARLIEST_FINISH = 3
LAST_TURN = 16
"""From this turn on an explanation is better than another question."""


class Demonstrator:
    """Probabilities per turn: a question nobody can answer, one that rules out nothing, an explanation too early, giving up.

    `careful` is how often a value that follows by elimination alone is asked for all the same: a tiny model learns to tell what
    was confirmed, and hardly to conclude.
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
        self._rng = random.Random(f"turtle expert {seed}")
        self._noise = {"vague": vague, "useless": useless, "hasty": hasty}
        self._finish, self._careful = finish, careful
        self._source: Source = "generated"
        self._split: Split = "train"
        self._possible: dict[str, set[str]] = {}
        self._confirmed: set[str] = set()
        self._asked: Fact | None = None
        self._turn = 0

    async def speak(self, view: View) -> Utterance:
        for message in view.messages:
            self._read(unrewarded(message.content))
        self._turn += 1
        self._asked = None
        return Utterance(self._say())

    def _read(self, text: str) -> None:
        """The first text is the opening, all others are replies."""
        if not self._turn:
            self._source, self._split = place(text) or (self._source, self._split)
            self._possible = prior(text, self._source)
        answer, fact = heard(text), self._asked
        if fact is not None and answer in ("yes", "no"):
            before = self._possible[fact.kind]
            after = before & fact.values if answer == "yes" else before - fact.values
            self._possible[fact.kind] = after or before  # an answer that contradicts all others is not believed
            self._confirmed |= after if answer == "yes" and len(fact.values) == 1 else set()

    def _say(self) -> str:
        if self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        if kind == "vague":
            return f"[action] {self._rng.choice(VAGUE_QUESTIONS)}"
        useful = self._useful()
        certain = [value for values in self._possible.values() if len(values) == 1 for value in values - self._confirmed]
        if certain and kind == "good" and self._turn < LAST_TURN and self._rng.random() < self._careful:
            return self._ask(self._rng.choice(sorted(certain)))
        if kind == "hasty" or not useful or self._turn >= LAST_TURN:
            guess = {kind: self._rng.choice(sorted(values)) for kind, values in self._possible.items()}
            return f"[answer] {catalogue(self._source).explanation(guess, self._split)}"
        useless = [name for name in catalogue(self._source).facts if name not in useful]
        return self._ask(self._rng.choice(useless) if kind == "useless" and useless else self._best(useful))

    def _ask(self, name: str) -> str:
        self._asked = catalogue(self._source).facts[name]
        return f"[action] {self._rng.choice(self._asked.questions[self._split])}"

    def _draw_kind(self) -> str:
        draw = self._rng.random()
        for kind, probability in self._noise.items():
            draw -= probability
            if draw < 0:
                return kind
        return "good"

    def _useful(self) -> dict[str, float]:
        """The facts whose answer rules something out, with the share of their kind's values that it leaves at worst."""
        shares: dict[str, float] = {}
        for name, fact in catalogue(self._source).facts.items():
            possible = self._possible[fact.kind]
            held = len(possible & fact.values)
            if 0 < held < len(possible):
                shares[name] = max(held, len(possible) - held) / len(possible)
        return shares

    def _best(self, useful: dict[str, float]) -> str:
        least = min(useful.values())
        return self._rng.choice([name for name, share in useful.items() if share == least])


class Oracle(Demonstrator):
    """The best that can be done."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, vague=0, useless=0, hasty=0, finish=0, careful=0)


def prior(opening: str, source: Source) -> dict[str, set[str]]:
    """By kind, what an opening leaves possible: the scene and the event of a composed story tell, a written one does not."""
    seen = set(words(opening))
    scene, event = seen.intersection(SCENES), seen.intersection(EVENTS)
    if source == "generated" and scene and event:
        return {kind: set(values) for kind, values in candidates(min(scene), min(event)).items()}
    return {kind: set(values) for kind, values in catalogue(source).kinds.items()}
