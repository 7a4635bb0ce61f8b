"""The scripted agents that know how to play: they try a kind of reason, and then give the ones they are asked for.

Contract: they read the claim and the replies, never a task, and know the topics; each instance plays one episode and writes the
bracket wire. From opening and replies they take the split's own wording. A demonstrator's noise leaves room for learning.
"""

from __future__ import annotations

import random

from envs.base import Split, Utterance, View
from envs.persuade.grammar import hint, subject
from envs.persuade.task import OPENINGS
from envs.persuade.topics import TOPICS, argument
from envs.turns import unrewarded

EARLIEST_FINISH = 3
VAGUE = ("I see it another way.", "That is a bad idea.")


class Demonstrator:
    """Probabilities per turn: no reason, a reason nobody asked for, one given before, giving up."""

    def __init__(self, seed: int, vague: float = 0.10, deaf: float = 0.20, repeat: float = 0.10, finish: float = 0.03) -> None:
        self._rng = random.Random(f"persuade expert {seed}")
        self._noise, self._finish = {"vague": vague, "deaf": deaf, "repeat": repeat}, finish
        self._subject = ""
        self._split: Split = "train"
        self._said: list[str] = []
        self._asked: str | None = None
        self._turn = 0

    async def speak(self, view: View) -> Utterance:
        for message in view.messages:
            self._read(unrewarded(message.content))
        self._turn += 1
        return Utterance(self._say())

    def _read(self, text: str) -> None:
        """The first text is the opening, all others are replies."""
        if self._turn:
            self._asked = hint(text)
        else:
            claim, self._split = unframed(text)
            self._subject = subject(claim)

    def _say(self) -> str:
        if self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        if kind == "vague":
            return f"[answer] {self._rng.choice(VAGUE)}"
        fresh = [topic for topic in TOPICS if topic not in self._said] or list(TOPICS)
        topic = self._asked if self._asked is not None and kind != "deaf" else self._rng.choice(fresh)
        if kind == "repeat" and self._said:
            topic = self._rng.choice(self._said)
        self._said.append(topic)
        return f"[answer] {argument(self._subject, topic, self._split)}"

    def _draw_kind(self) -> str:
        draw = self._rng.random()
        for kind, probability in self._noise.items():
            draw -= probability
            if draw < 0:
                return kind
        return "good"


class Oracle(Demonstrator):
    """The best that can be done."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, vague=0, deaf=0, repeat=0, finish=0)


def unframed(opening: str) -> tuple[str, Split]:
    """The claim in an opening, and the split whose wording it has."""
    frames = [(frame.format(claim=""), split) for split, forms in OPENINGS.items() for frame in forms]
    return next(
        ((opening.removeprefix(frame), split) for frame, split in frames if opening.startswith(frame)), (opening, "train")
    )
