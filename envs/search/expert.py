"""The scripted agents that know how to play: they look up one name after the other and read what it leads to.

Contract: they read the question and the results, never a task; each instance plays one episode and writes the bracket wire.
They know the grammar, not the world. The noise of a demonstrator leaves room for reinforcement learning.
"""

from __future__ import annotations

import random

from envs.base import Utterance, View
from envs.search.grammar import Question, facts, read_question, read_results
from envs.search.prompt import ENOUGH

VAGUE_QUERIES = ("Help me find it.", "Who knows more about this?")
EARLIEST_FINISH = 3
NO_QUESTION = Question("nothing", ())


class Demonstrator:
    """Probabilities are per turn: a search for nothing in particular, one for the whole question, an answer before the end of
    the way, giving up."""

    def __init__(
        self, seed: int, vague: float = 0.15, useless: float = 0.12, hasty: float = 0.12, finish: float = 0.05
    ) -> None:
        self._rng = random.Random(f"search expert {seed}")
        self._noise = {"vague": vague, "useless": useless, "hasty": hasty}
        self._finish = finish
        self._asked, self._question = "", NO_QUESTION
        self._leads: dict[tuple[str, str], str] = {}
        self._tried: set[str] = set()
        self._turn = 0
        self._enough = False

    async def speak(self, view: View) -> Utterance:
        for message in view.messages:
            self._read(message.content)
        self._turn += 1
        return Utterance(self._say())

    def _read(self, text: str) -> None:
        """The first text is the question, all others are feedback."""
        if not self._turn:
            self._asked, self._question = text, read_question(text) or NO_QUESTION
        self._enough |= text.startswith(ENOUGH)
        for article in read_results(text):
            self._leads |= {(fact.relation, fact.x): fact.y for fact in facts(article.text) if fact.x == article.title}

    def _say(self) -> str:
        if self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind, (hops, reached) = self._draw_kind(), self._reached()
        if kind == "vague":
            return f"[search] {self._rng.choice(VAGUE_QUERIES)}"
        if kind == "useless":
            return f"[search] {self._asked}"
        if kind == "hasty" or self._enough or hops == len(self._question.chain):
            return f"[answer] {reached}"
        query = reached if reached not in self._tried else f"{reached} {self._question.chain[hops]}"
        self._tried.add(query)
        return f"[search] {query}"

    def _reached(self) -> tuple[int, str]:
        """How many hops were made, and where they lead."""
        reached = self._question.start
        for hops, relation in enumerate(self._question.chain):
            if (relation, reached) not in self._leads:
                return hops, reached
            reached = self._leads[relation, reached]
        return len(self._question.chain), reached

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
        super().__init__(seed, vague=0, useless=0, hasty=0, finish=0)
