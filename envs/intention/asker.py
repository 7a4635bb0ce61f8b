"""What all scripted agents of IntentionGym have in common: they ask until the gym says "Answer.", then they answer.

Contract: subclasses read messages only, never a task; each instance plays one episode and writes the bracket wire.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from envs.base import Utterance, View
from envs.intention.wording import closes
from envs.turns import unrewarded


class Asker(ABC):
    """Speaks in turns, counted from 1."""

    turn = 0

    async def speak(self, view: View) -> Utterance:
        self.turn += 1
        texts = [unrewarded(message.content) for message in view.messages]
        for text in texts:
            self.read(text)
        return Utterance(self.answer() if texts and closes(texts[-1]) else self.ask())

    def read(self, text: str) -> None:  # noqa: B027  (context-free askers read nothing)
        """Take note of what was said."""

    @abstractmethod
    def ask(self) -> str:
        """The next turn before the closing turn."""

    @abstractmethod
    def answer(self) -> str:
        """The closing turn."""


def action(text: str) -> str:
    """A question turn."""
    return f"[action] {text}"


def answer(values: dict[str, str]) -> str:
    """A closing turn that states values by slot; nothing to state is said by finishing."""
    return "[answer] " + "; ".join(f"{slot} {value}" for slot, value in values.items()) if values else "[finish]"
