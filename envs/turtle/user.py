"""The scripted user of TurtleGym.

Contract: reads `View.known` and the question, nothing else; says one of `View.choices`, and "maybe" to what it cannot tell.
"""

from __future__ import annotations

from envs.base import Utterance, View
from envs.closed import SAID
from envs.turtle.grammar import truth


class TurtleUser:
    """Answers from the story's values. The seed changes nothing: there is one honest answer."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    async def speak(self, view: View) -> Utterance:
        if view.known["source"] == "userrl":
            raise ValueError("Nothing is known by rule about a story of UserRL's: the partner must be a model.")
        answer = truth(view.messages[-1].content, view.known["source"], view.known["values"].values())
        return Utterance(SAID[answer or "maybe"])
