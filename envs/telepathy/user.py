"""The scripted user of TelepathyGym.

Contract: reads `View.known` and the question, nothing else; says one of `View.choices`, and "maybe" to what it cannot tell.
"""

from __future__ import annotations

from envs.base import Utterance, View
from envs.closed import SAID
from envs.telepathy.grammar import truth


class TelepathyUser:
    """Answers from the fact table. The seed changes nothing: there is one honest answer."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    async def speak(self, view: View) -> Utterance:
        known = view.known
        if known["source"] == "userrl":
            raise ValueError("Nothing is known by rule about a thing of UserRL's: the partner must be a model.")
        answer = truth(view.messages[-1].content, known["source"], known["names"], known["facts"])
        return Utterance(SAID[answer or "maybe"])
