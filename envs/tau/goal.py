"""What a customer wants: one request of an agenda, with what would be right to do about it.

Invariant: `slots` is what the customer knows and may tell. `actions` and `outputs` are for the gym alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from envs.base import Split
from envs.tau.tools import Database


@dataclass(frozen=True, slots=True)
class Goal:
    """One request."""

    kind: str
    slots: dict[str, str]
    actions: tuple[tuple[str, dict[str, Any]], ...] = ()
    """The calls that change the database as they should."""
    outputs: tuple[str, ...] = ()
    """What the customer has to be told."""


@dataclass(slots=True)
class Draw:
    """From what the goals of one customer are made."""

    data: Database
    user_id: str
    rng: random.Random
    used: set[str] = field(default_factory=set)
    """Orders or bookings that are dealt with already."""

    @property
    def user(self) -> dict[str, Any]:
        """The customer's row."""
        found: dict[str, Any] = self.data["users"][self.user_id]
        return found


Maker = Callable[[Draw], list[Goal]]
"""One or two requests that belong together."""
Templates = dict[Split, tuple[tuple[str, ...], ...]]
"""By split the combinations of makers that customers come with."""
