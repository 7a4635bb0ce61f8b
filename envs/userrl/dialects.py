"""The gyms that UserRL has data of, by name."""

from __future__ import annotations

from typing import Any

from envs import registry
from envs.userrl import function, intention, persuade, search, tau, telepathy, travel, turtle
from envs.userrl.dialect import Dialect

DIALECTS: dict[str, Dialect[Any]] = {
    each.DIALECT.gym: each.DIALECT for each in (function, intention, persuade, search, tau, telepathy, travel, turtle)
}


def dialect_of(gym: str) -> Dialect[Any]:
    """A gym's dialect. Raises ValueError."""
    if gym not in DIALECTS:
        raise registry.unknown("gym with data of UserRL's", gym, DIALECTS)
    return DIALECTS[gym]
