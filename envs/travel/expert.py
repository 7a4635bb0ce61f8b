"""The scripted agents that know how to play: they search, ask what the options differ in, and take the cheapest that fits.

Contract: they read the opening, the replies and how to answer, never a task, and know what hints mean; each instance plays one
episode and writes the bracket wire. From the opening they take the split's own wording, so on held-out tasks they ask in words
that no demonstration holds. The noise of a demonstrator leaves room for reinforcement learning.
"""

from __future__ import annotations

import random

from envs.base import Utterance, View
from envs.travel.catalogue import ASPECT_OF, LETTERS, TOPICS, Aspect
from envs.travel.grammar import hinted
from envs.travel.listing import aspect_of, read
from envs.travel.task import Option
from envs.travel.wording import BEST, CHOSEN, NAMES, OTHER, QUESTIONS, STRAY, WRONG, Trip, describe, read_opening, search_for

VAGUE_QUESTIONS = ("What do you want?", "Any wishes?")
CHATS = ("Nice to meet you.", "What a trip.")
EARLIEST_FINISH = 3
LAST_TURN = 16
"""When only answers are left to give, they are given."""
ENOUGH = 2
"""Wishes after which an agent that has no list answers: all there are of an aspect in family 22."""


class Demonstrator:
    """Probabilities are per turn: a question too vague, small talk or a question about anything, a search that says too little,
    an answer too early, giving up. `blind` is per conversation: it never searches, asks about one topic after the other,
    in the catalogue's order, and answers with what it was told, which only answers by value allow."""

    def __init__(
        self,
        seed: int,
        vague: float = 0.08,
        useless: float = 0.06,
        careless: float = 0.05,
        hasty: float = 0.10,
        finish: float = 0.03,
        blind: float = 0.0,
    ) -> None:
        self._rng = random.Random(f"travel expert {seed}")
        self._noise = {"vague": vague, "useless": useless, "careless": careless, "hasty": hasty}
        self._finish = finish
        self._blind = blind > 0 and self._rng.random() < blind
        self._trip: Trip | None = None
        self._options: dict[Aspect, list[Option]] = {}
        self._told: dict[str, str] = {}
        """Wished value by topic."""
        self._asked: set[str] = set()
        self._open: list[Aspect] = []
        """Aspects to settle."""
        self._turn = 0
        self._by_value = False

    async def speak(self, view: View) -> Utterance:
        self._by_value = self._by_value or view.known.get("answer_by") == "value"
        for message in view.messages:
            self._read(message.content)
        self._turn += 1
        return Utterance(self._say())

    def _read(self, text: str) -> None:
        """The first text is the opening, all others are replies."""
        if not self._turn:
            self._trip = read_opening(text)
            self._open = list(self._trip.aspects) if self._trip else []
            return
        listed = read(text)
        for option in listed:
            self._options.setdefault(aspect_of(option), []).append(option)
        if not listed:
            self._told.update(hinted(text))
        if text.startswith((BEST, OTHER, WRONG, CHOSEN, STRAY)) and self._open:
            self._open.pop(0)

    def _say(self) -> str:
        if self._trip is None or not self._open or (self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish):
            return "[finish]"
        kind = self._draw_kind()
        if kind in ("vague", "useless"):
            return f"[action] {self._rng.choice(VAGUE_QUESTIONS) if kind == 'vague' else self._useless(self._trip)}"
        aspect = self._open[0]
        if self._turn > LAST_TURN - len(self._open):
            return self._answer(aspect)
        if aspect not in self._options and not self._blind:
            return f"[search] {NAMES[aspect]}" if kind == "careless" else self._search(aspect, self._trip)
        topic = self._untold(aspect) if self._blind else self._topic(aspect)
        if topic is None or kind == "hasty":
            return self._answer(aspect)
        self._asked.add(topic)
        return f"[action] {self._question(topic, self._trip)}"

    def _question(self, topic: str, trip: Trip) -> str:
        return self._rng.choice(QUESTIONS[trip.source][trip.split]).format(topic=topic, name=NAMES[ASPECT_OF[topic]])

    def _useless(self, trip: Trip) -> str:
        """Small talk, or a question about anything."""
        return self._rng.choice([*CHATS, self._question(self._rng.choice(list(ASPECT_OF)), trip)])

    def _search(self, aspect: Aspect, trip: Trip) -> str:
        return f"[search] {search_for(aspect, trip, trip.split)}"

    def _fitting(self, aspect: Aspect) -> list[Option]:
        """The options there that fit what was told; all of them if it contradicts itself."""
        city = self._trip.facts["city"] if self._trip else ""
        there = [option for option in self._options.get(aspect, []) if option.place == city]
        return [option for option in there if self._fits(option)] or there

    def _fits(self, option: Option) -> bool:
        return all(self._told.get(topic, value) == value for topic, value in option.features.items())

    def _topic(self, aspect: Aspect) -> str | None:
        """What the options that fit still differ in and was not asked."""
        fitting = self._fitting(aspect)
        topics = list(fitting[0].features) if fitting else []
        differing = [topic for topic in topics if len({option.features.get(topic) for option in fitting}) > 1]
        left = [topic for topic in differing if topic not in self._asked and topic in ASPECT_OF]
        return self._rng.choice(left) if left else None

    def _untold(self, aspect: Aspect) -> str | None:
        """The first topic of an aspect that was neither asked nor told; None once enough is told."""
        told = [topic for topic in TOPICS[aspect] if topic in self._told]
        left = [topic for topic in TOPICS[aspect] if topic not in {*told, *self._asked}]
        return left[0] if left and len(told) < ENOUGH else None

    def _answer(self, aspect: Aspect) -> str:
        best = min(self._fitting(aspect), key=lambda option: option.price, default=None)
        if self._by_value:
            return f"[answer] {describe(best.features if best else self._guess(aspect))}"
        return f"[answer] {best.id if best else f'{LETTERS[aspect]}1'}"

    def _guess(self, aspect: Aspect) -> dict[str, str]:
        """What was told of an aspect whose options are not known, or a value at random."""
        told = {topic: self._told[topic] for topic in TOPICS[aspect] if topic in self._told}
        topic = self._rng.choice(list(TOPICS[aspect]))
        return told or {topic: self._rng.choice(TOPICS[aspect][topic])}

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
        super().__init__(seed, vague=0, useless=0, careless=0, hasty=0, finish=0)
