"""What a person thinks of the other side, asked at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from actors.human import whole

LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class Rating:
    """None: not given."""

    rating: int | None = None
    comment: str | None = None


class Asks(Protocol):
    def ask(self, hint: str, prompt: str = "") -> str: ...


def asked(seat: Asks) -> Rating:
    """The person's rating. An empty line skips; raises Left."""
    hint = ""
    while True:
        text = seat.ask(hint, f"How good was the other side, {LOWEST} to {HIGHEST}? (Enter: no rating) ").strip()
        if not text or (text.isdecimal() and LOWEST <= int(text) <= HIGHEST):
            break
        hint = f"A number from {LOWEST} to {HIGHEST}."
    comment = whole(seat.ask("", "A comment? (Enter: none) ")).strip()
    return Rating(int(text) if text else None, comment or None)
