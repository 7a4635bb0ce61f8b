"""A user's way through the bank: every item played and scored, trap items also on the whole ladder from the first hint on.

Invariants
- An item begins in the same state for everyone, whatever the seed: that of the bank's checks, in which nobody hangs up.
- The seed and the item are all that a rule user's own draws depend on.
- Of a model or an endpoint the words are scored, as they were said (`envs.usersim.traps.gym`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cluster.usersim.episodes import Episode
from envs.usersim.schema.enums import Architecture
from envs.usersim.trace.trace import Trace
from envs.usersim.traps.aggregates import breached_at
from envs.usersim.traps.gym import TrapTask, recorded
from envs.usersim.traps.item import TrapItem
from envs.usersim.traps.play import Played, play
from envs.usersim.traps.scoring import ItemScore, score
from envs.usersim.users import Situation, User

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Items done, items in all, and nothing besides."""
Reader = Callable[[Situation], Trace | None]


@dataclass(frozen=True, slots=True)
class Sat:
    """An item as a user took it."""

    item: TrapItem
    score: ItemScore
    played: tuple[Played, ...]
    breached_at: int | None
    """Level of the ladder at which a trap worked, of a trap item."""
    errors: tuple[tuple[str, ...], ...] = ()
    """What the parser found wrong with each turn that was said, as codes."""


def sit(
    items: Sequence[TrapItem], user: User, seed: int, progress: Progress, architecture: Architecture | None = None
) -> list[Sat]:
    """The items as a rule user takes them, in order."""
    taken = []
    for done, item in enumerate(items, start=1):
        own = _drawing(user, f"{seed} {item.item_id}")
        taken.append(_sat(item, own, own, architecture))
        progress(done, len(items), {})
    return taken


def heard(items: Sequence[TrapItem], episodes: Sequence[Episode]) -> list[Sat | None]:
    """The same as they were taken in words; None of an item that failed."""
    by_id = {episode.task: episode for episode in episodes if episode.failure is None}
    return [_heard(item, by_id) for item in items]


def _heard(item: TrapItem, by_id: Mapping[str, Episode]) -> Sat | None:
    window, ladder = by_id.get(item.item_id), by_id.get(TrapTask.of(item, ladder=True).id)
    if window is None or (ladder is None and item.kind == "trap"):
        return None
    errors = tuple(tuple(codes) for codes in window.state["errors"])
    return replace(
        _sat(item, _reader(window), None if ladder is None else _reader(ladder), window.state["architecture"]), errors=errors
    )


def _sat(item: TrapItem, window: Reader, ladder: Reader | None, architecture: Architecture | None) -> Sat:
    played = tuple(play(item, window, architecture=architecture))
    climbed = play(item, ladder, ladder=True, architecture=architecture) if ladder and item.kind == "trap" else None
    level = None if climbed is None else breached_at(item, climbed)
    return Sat(item, score(item, played), played, level)


def _reader(episode: Episode) -> Reader:
    return recorded(episode.state["said"], episode.state["prompt"])


def _drawing(user: User, key: str) -> Callable[[Situation], Trace]:
    """The user with draws of its own for an item."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
    return lambda place: user(replace(place, seed=number))
