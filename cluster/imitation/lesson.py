"""A conversation to imitate, as the policy reads it: its own words are `assistant`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from envs.base import Demonstration, Message


@dataclass(frozen=True, slots=True)
class Lesson:
    """At least one message is the policy's own."""

    gym: str
    """Empty if it is from a file."""
    task_id: str
    """Lessons of one (gym, task) are never on both sides of a held-out split."""
    messages: tuple[Message, ...]
    factors: tuple[float, ...]
    """Per message, what its speaker's weight is multiplied by."""
    drill: bool = False
    """Practice of the last words alone; never held out, nor trained on where its task is."""

    @classmethod
    def of(cls, shown: Demonstration) -> Self:
        """Of a drill nothing counts but the last words: what leads up to them is drawn at random, and learning to expect it
        would drown what is to be practised."""
        last = max(number for number, message in enumerate(shown.messages) if message.role == "assistant")
        factors = [0.0 if shown.last_only and number != last else 1.0 for number in range(len(shown.messages))]
        return cls(shown.gym, shown.task_id, shown.messages, tuple(factors), shown.last_only)
