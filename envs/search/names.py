"""What things are called in the made-up world of SearchGym, and by which other names.

Invariant (tested): no name or alias is given twice, and none of them means anything outside this world.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product
from typing import Literal

Kind = Literal["person", "town", "river", "mountain", "company", "festival", "invention", "book", "hospital", "court", "year"]

_GIVEN_NAMES = "Orla Tibor Maren Jory Selma Ivo Petra Anselm Runa Caspar Liv Odo Nadia Bero Greta Falk Ines Korin Thea Wim"
_GIVEN = _GIVEN_NAMES.split()
_TRADES = ["Mills", "Works", "Lines", "Glass", "Foundry", "Mining"]

_PARTS: dict[Kind, tuple[str, str]] = {
    "person": ("Bram Ven Ost Kel Mar Tov Quil Har Lind Pel Sor Wex Dun Fal Gar Ist", "wick mere sund olin aker bury stad rose"),
    "town": ("Hal Nor Eld Cray Tir Mos Ulv Ash Bel Kor", "sen ford haven gate moor dale"),
    "river": ("Tam Lor Sel Vin Aro Yss Dre Pim", "ble na ker tish"),
    "mountain": ("Kar Gol Bra Ith Sten Oru", "dak mir noth lan"),
    "company": ("Cor Zel Fab Lum Ner Tek Pax Wol Ond Rig", "vex tar iton mark ora"),
    "festival": (
        "Amber Silver Lantern Goose Barley Kite Drum Candle Apple Frost Mask Boat Bell Clover Ribbon Ember",
        "Fair Parade Night Week",
    ),
    "invention": ("Wind Tide Spring Mirror Echo Thread Steam Feather Salt Moss", "Loom Clock Pump Lamp Plough"),
    "book": ("Tin Paper Winter Hollow Copper Quiet Blue Last Crooked Honey", "Garden Bridge Letters Orchard Harbour"),
    "hospital": ("Birch Cedar Fern Hazel Ivy Juniper Laurel Maple Rowan Willow", "Hospital Infirmary"),
    "court": ("Upper Lower Northern Southern Eastern Western Inner Outer", "Assize Tribunal"),
}
"""By kind the beginnings and the ends of names; a name's stem is one of each."""

Named = tuple[str, tuple[str, ...]]
"""A name and its aliases."""


def _person(stem: str, rng: random.Random) -> Named:
    given = rng.choice(_GIVEN)
    return f"{given} {stem}", (stem, f"{given[0]} {stem}")


def _company(stem: str, rng: random.Random) -> Named:
    name = f"{stem} {rng.choice(_TRADES)}"
    return name, (stem, f"{name} Limited")


_MADE: dict[Kind, Callable[[str, random.Random], Named]] = {
    "person": _person,
    "town": lambda stem, rng: (stem, (f"town of {stem}", f"{stem} town")),
    "river": lambda stem, rng: (f"River {stem}", (stem, f"{stem} River")),
    "mountain": lambda stem, rng: (f"Mount {stem}", (stem, f"{stem} Mountain")),
    "company": _company,
}


def names(kind: Kind, rng: random.Random) -> list[Named]:
    """All names of a kind, in an order that the generator decides."""
    starts, ends = (part.split() for part in _PARTS[kind])
    space = " " if ends[0][0].isupper() else ""
    stems = [f"{start}{space}{end}" for start, end in product(starts, ends)]
    rng.shuffle(stems)
    return [_MADE[kind](stem, rng) if kind in _MADE else (stem, ()) for stem in stems]
