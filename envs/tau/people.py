"""Names and places of TauGym's made-up customers, and to which split a customer belongs."""

from __future__ import annotations

import hashlib
import random

from envs.base import Split

HELD_OUT_ONE_IN = 3

_FIRST = "Alma Bruno Clara Dario Edda Felix Gerda Hugo Irma Jonas Klara Linus Mira Nils Olga Pavel Rosa Stefan Tilda Viktor"
_LAST = "Abend Brandt Colmar Decker Ellert Farkas Gruber Holm Imhof Jansen Keller Lorenz Moser Nolte Ostrow Pohl Reuter Sachs"
_STREETS = "Elm Row,Mill Lane,Quarry Road,Harbour Street,Chapel Way,Orchard Close,Station Road,Bridge Street"
_CITIES = "Aldport Brunnsee Corvale Dunmere Eastholt Fairwick Grenna Hollin"

FIRST, LAST, STREETS, CITIES = _FIRST.split(), _LAST.split(), _STREETS.split(","), _CITIES.split()


def full_names(count: int, rng: random.Random) -> list[tuple[str, str]]:
    """First and last names, no two the same."""
    return rng.sample([(first, last) for first in FIRST for last in LAST], count)


def address(rng: random.Random) -> dict[str, str]:
    """Somewhere to live."""
    street = f"{rng.randint(1, 99)} {rng.choice(STREETS)}"
    return {"street": street, "city": rng.choice(CITIES), "zip": str(rng.randint(10000, 99999))}


def spoken(where: dict[str, str]) -> str:
    """An address as people say it."""
    return f"{where['street']}, {where['city']}, {where['zip']}"


def split_of(user_id: str) -> Split:
    """A customer belongs to one split for ever, decided by the name in the id: who has the same name elsewhere does so, too."""
    digest = hashlib.sha256(f"tau {user_id.rpartition('_')[0]}".encode()).digest()
    return "heldout" if digest[0] % HELD_OUT_ONE_IN == 0 else "train"
