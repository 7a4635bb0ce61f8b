"""A person as a speaker: shown what the role may see, asked for what it says.

Where the person sits is a `Seat`, a terminal for example. While the person thinks, nothing else happens in this event loop;
one conversation is played at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from envs.base import Utterance, View


class Left(KeyboardInterrupt):
    """The person went away. A KeyboardInterrupt, so that neither an event loop nor a library takes it for its own."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class Seat(Protocol):
    """Where a person sits."""

    def show(self, view: View) -> None:
        """What the role sees now."""

    def ask(self, hint: str) -> str:
        """One line of the person's, without its end; `hint` says what is wrong with the last one. Raises Left."""


class HumanSpeaker:
    """Plays a role. An empty line is no turn, and a closed question takes one of its answers: the person is asked again."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    async def speak(self, view: View) -> Utterance:
        """Raises Left."""
        self._seat.show(view)
        hint = ""
        while True:
            said = chosen(whole(self._seat.ask(hint)), view.choices)
            if said is not None:
                return Utterance(said)
            hint = f"1 to {len(view.choices)}, or one of: {' '.join(view.choices)}" if view.choices else "Say something."


def chosen(text: str, choices: Sequence[str]) -> str | None:
    """What a line means: of closed answers the one it names, by number (from 1) or by its words; else the line itself. None: it
    means nothing."""
    text = text.strip()
    if not choices or not text:
        return text or None
    if text.isdecimal():
        return choices[int(text) - 1] if 1 <= int(text) <= len(choices) else None
    return next((choice for choice in choices if _plain(choice) == _plain(text)), None)


def whole(text: str) -> str:
    """The text with what is no whole character (half a surrogate pair, a byte that is not UTF-8) as a question mark."""
    return text.encode(errors="replace").decode()


def _plain(text: str) -> str:
    return text.casefold().strip(" .!")
