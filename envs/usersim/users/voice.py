"""How rule users talk and think: hand-written lines, chosen to fit a persona's length and not to repeat what it said before."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

from envs.usersim.data.files import read
from envs.usersim.schema.enums import Move, TrapId
from envs.usersim.trace.trace import Thoughts
from envs.usersim.trace.units import units
from envs.usersim.users.situation import Situation

CLOSEST = 2
"""From so many lines of fitting length one is drawn."""


class Voice:
    """The words of one turn of a rule user."""

    def __init__(self, situation: Situation, who: str) -> None:
        self._situation = situation
        self._rng = situation.rng(who)
        self._words: dict[str, Any] = read("users.json")["zh" if situation.chinese else "en"]

    def line(self, kind: str, **slots: str) -> str:
        """An utterance of a kind."""
        return self._pick(self._words[kind], slots)

    def joined(self, *said: str) -> str:
        """Sentences one after the other."""
        return ("" if self._situation.chinese else " ").join(said)

    def counter(self, trap: TrapId, concern: str) -> tuple[Move, str]:
        """A fitting move against a trap, and the words for it."""
        moves: dict[Move, list[str]] = self._words["counters"][trap]
        move = self._rng.choice(list(moves))
        return move, self._pick(moves[move], {"concern": concern})

    def merits(self) -> tuple[Move, str]:
        """A move that takes an honest turn at its word, and the words for it."""
        moves: dict[Move, list[str]] = self._words["merits"]
        move = self._rng.choice(list(moves))
        return move, self._pick(moves[move], {})

    def thoughts(self, kind: str, concern: str = "", quote: str = "") -> Thoughts:
        """Five thoughts of a kind."""
        remembered = [item.text for item in self._situation.profile.scenario_memory]
        slots = {
            "concern": concern or self._words["no_concern"],
            "quote": quote.replace("<", "‹"),
            "memory": self._rng.choice(remembered) if remembered else self._words["no_memory"],
        }
        return Thoughts(
            **{child: self._rng.choice(lines).format(**slots) for child, lines in self._words["thoughts"][kind].items()}
        )

    def _pick(self, lines: Sequence[str], slots: dict[str, str]) -> str:
        """One of the lines whose length suits the person best; one that was not said yet, if there is any."""
        said = self._situation.said
        texts = [_capital(line.format(**slots)) for line in lines]
        fresh = [text for text in texts if text not in said] or texts
        target, plain = self._situation.persona.expression.verbosity_units, self._situation.scene.plain
        ranked = sorted(fresh, key=lambda text: abs(log(max(units(plain(text)), 1) / target)))
        return self._rng.choice(ranked[:CLOSEST])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
