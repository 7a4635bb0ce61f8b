"""The scripted agents that know how to play: they probe where rules differ, strike out what does not fit, and answer when those
left agree on the test case.

Contract: they read the opening and the replies, never a task, and know the whole grammar; each instance plays one episode and
writes the bracket wire. From the opening they take the split's own way to write numbers. The noise of a demonstrator leaves
room for reinforcement learning.
"""

from __future__ import annotations

import random
import re
from fractions import Fraction

from envs.base import Split, Utterance, View
from envs.function.catalogue import GENERIC, Rule, Source
from envs.function.knowledge import fitting, fitting_first, value
from envs.function.wording import SEPARATORS, WRONG, listed, place

EARLIEST_FINISH = 3
MOST_PROBES = 8
ROUNDING = Fraction(1, 10**4)
"""What a result in four decimals may be off, and a little more."""
_GIVES = re.compile(r"(.+) gives (-?\d+(?:[./]\d+)?)\.$", re.MULTILINE)
_CASE = re.compile(r"The test case is (.+)\.")


class Demonstrator:
    """Probabilities are per turn: a probe with a number missing, one at random, a result answered too early, giving up."""

    def __init__(
        self, seed: int, vague: float = 0.10, useless: float = 0.12, hasty: float = 0.15, finish: float = 0.12
    ) -> None:
        self._rng = random.Random(f"function expert {seed}")
        self._noise = {"vague": vague, "useless": useless, "hasty": hasty}
        self._finish = finish
        self._source: Source = "square"
        self._split: Split = "train"
        self._possible: list[Rule] | None = None
        """None: nothing is known yet."""
        self._case: tuple[int, ...] | None = None
        self._probes = 0
        self._rounded = False
        """Whether results come in decimals, and answers should."""
        self._answered: Fraction | None = None
        self._turn = 0

    async def speak(self, view: View) -> Utterance:
        for message in view.messages:
            self._read(message.content)
        self._turn += 1
        self._answered = None
        return Utterance(self._say())

    def _read(self, text: str) -> None:
        """The first text is the opening, all others are replies."""
        if not self._turn:
            self._source, self._split = place(text) or (self._source, self._split)
        if (told := _GIVES.match(text)) is not None:
            self._rounded = "." in told.group(1)
            self._conclude(tuple(int(float(number)) for number in told.group(1).split()), Fraction(told.group(2)))
        if (told := _CASE.match(text)) is not None:
            self._case = tuple(int(number) for number in told.group(1).split())
        if text.startswith(WRONG) and self._answered is not None and self._case and self._possible:
            case, wrong = self._case, self._answered
            self._possible = [rule for rule in self._possible if value(rule, case) != wrong]

    def _conclude(self, numbers: tuple[int, ...], result: Fraction) -> None:
        rounding = ROUNDING if self._rounded else Fraction(0)
        if self._possible is not None:
            self._possible = fitting(self._possible, numbers, result, rounding)
        elif numbers == GENERIC[self._source][0]:
            self._possible = fitting_first(self._source, result, rounding)

    def _say(self) -> str:
        if self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        if kind in ("vague", "useless"):
            return self._probe([self._rng.randint(1, 9) for _ in range(3 if kind == "vague" else 4)])
        if self._case is None and (self._probes or self._rng.random() < 0.5):
            return "[search] test"
        results = self._results()
        if self._possible is not None and len(results) == 1:
            return self._answer(results[0])
        if kind == "hasty" and self._case is not None:
            return self._answer(Fraction(self._rng.choice(self._case) * self._rng.randint(1, 9)))
        if self._probes < MOST_PROBES:
            return self._next_probe()
        return self._answer(self._rng.choice(results)) if results else "[finish]"

    def _next_probe(self) -> str:
        """The generic points; if results are rounded they may not do, small numbers then tell more."""
        self._probes += 1
        points = GENERIC[self._source]
        return self._probe(points[self._probes - 1] if self._probes <= len(points) else self._rng.sample(range(1, 11), 4))

    def _results(self) -> list[Fraction]:
        """What the test case may give."""
        if self._case is None:
            return []
        given = {value(rule, self._case) for rule in self._possible or []}
        return sorted(result for result in given if result is not None)

    def _probe(self, numbers: tuple[int, ...] | list[int]) -> str:
        return f"[action] {listed(numbers, SEPARATORS[self._split])}"

    def _answer(self, result: Fraction) -> str:
        self._answered = result
        return f"[answer] {float(result) if self._rounded else result}"

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
