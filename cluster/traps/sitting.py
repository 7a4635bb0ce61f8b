"""A user's way through the bank: every item played and scored, trap items also on the whole ladder from the first hint on.

Invariants
- An item begins in the same state for everyone, whatever the seed: that of the bank's checks, in which nobody hangs up.
- The seed and the item are all that a user's own draws depend on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from envs.usersim.trace.trace import Trace
from envs.usersim.traps.aggregates import breached_at
from envs.usersim.traps.item import TrapItem
from envs.usersim.traps.play import Played, play
from envs.usersim.traps.scoring import ItemScore, score
from envs.usersim.users import Situation, User

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Items done, items in all, and nothing besides."""


@dataclass(frozen=True, slots=True)
class Sat:
    """An item as a user took it."""

    item: TrapItem
    score: ItemScore
    played: tuple[Played, ...]
    breached_at: int | None
    """Level of the ladder at which a trap worked, of a trap item."""


def sit(items: Sequence[TrapItem], user: User, seed: int, progress: Progress) -> list[Sat]:
    """The items, in order."""
    taken = []
    for done, item in enumerate(items, start=1):
        own = _drawing(user, f"{seed} {item.item_id}")
        played = tuple(play(item, own))
        level = breached_at(item, play(item, own, ladder=True)) if item.kind == "trap" else None
        taken.append(Sat(item, score(item, played), played, level))
        progress(done, len(items), {})
    return taken


def _drawing(user: User, key: str) -> Callable[[Situation], Trace]:
    """The user with draws of its own for an item."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
    return lambda place: user(replace(place, seed=number))
