"""The scripted believer of PersuadeGym.

Contract: reads `View.known` and nothing else; says how an argument was taken, and asks about a concern that is left.
"""

from __future__ import annotations

import random

from envs.base import Utterance, View
from envs.persuade.task import LEVELS
from envs.persuade.topics import HINTS, MOVED, TOPICS, UNMOVED, WON


class PersuadeUser:
    """The seed chooses words, and about which concern is asked."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"persuade user {seed}")

    async def speak(self, view: View) -> Utterance:
        known = view.known
        if known["source"] == "userrl":
            raise ValueError("What weighs with a believer of UserRL's is not known by rule: the partner must be a model.")
        split, left = known["split"], known["left"]
        if known["level"] == LEVELS:
            return Utterance(WON[split])
        taken = (MOVED if known["moved"] else UNMOVED)[split]
        if not left:
            return Utterance(taken)
        asked = self._rng.choice(HINTS[split]).format(noun=TOPICS[self._rng.choice(left)].noun)
        return Utterance(f"{taken} {asked}")
