"""The scripted user of TravelGym.

Contract: reads `View.known`, nothing else; tells the one wish it is given, by its hint, or makes small talk.
"""

from __future__ import annotations

import random

from envs.base import Utterance, View
from envs.travel.wording import CHATS, LEADS, VOLUNTEERED


class TravelUser:
    """In compact tasks nothing stands before a hint."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"travel user {seed}")

    async def speak(self, view: View) -> Utterance:
        known = view.known
        if known["source"] == "userrl":
            raise ValueError("The hints of UserRL's trips are for models: the partner must be one.")
        if known["preference"] is None:
            return Utterance(self._rng.choice(CHATS))
        if known["source"] == "compact":
            return Utterance(known["preference"]["hint"])
        lead = VOLUNTEERED if known["act"] == "volunteer" else self._rng.choice(LEADS)
        return Utterance(lead + known["preference"]["hint"])
