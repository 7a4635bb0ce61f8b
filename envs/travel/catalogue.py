"""What can be wanted on a trip: five aspects with six topics each, every topic with three values and the hints at them.

Invariants
- A topic belongs to one aspect, and a hint to one value of one topic and to one split. It names neither the topic nor a value.
- A block, the wishes of one aspect, belongs to one split by hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from envs.base import Split

Aspect = Literal["flight", "hotel", "restaurant", "apartment", "rental_car"]
Source = Literal["compact", "rich"]
Origin = Source | Literal["userrl"]
"""Where a task comes from; what a trip of a file of UserRL's is about is in no catalogue."""
SOURCES: tuple[Source, ...] = get_args(Source)
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
LETTERS: dict[Aspect, str] = {"flight": "F", "hotel": "H", "restaurant": "R", "apartment": "A", "rental_car": "C"}
BY_LETTER = {letter: aspect for aspect, letter in LETTERS.items()}
ARGUMENTS: dict[Aspect, tuple[str, ...]] = {
    "flight": ("origin", "city", "date"),
    "hotel": ("city", "date", "nights"),
    "restaurant": ("city", "date"),
    "apartment": ("city", "date", "nights"),
    "rental_car": ("city", "date", "nights"),
}
"""What a search for the aspect has to say."""
FAMILIES = ("22", "33", "44", "233", "333", "334", "444", "2222")
"""One digit per aspect: its number of wishes (specs/gyms.md 3.6)."""
HELDOUT_BLOCKS = 0.25

CITIES = (
    *("Oslo", "Rome", "Paris", "Lisbon", "Vienna", "Prague", "Athens", "Dublin", "Madrid", "Berlin", "Helsinki", "Warsaw"),
    *("Zagreb", "Sofia", "Tallinn", "Riga", "Porto", "Seville", "Naples", "Geneva", "Lyon", "Hamburg", "Cracow", "Bergen"),
)
MONTHS = (
    *("January", "February", "March", "April", "June"),  # "may" is a verb, too
    *("July", "August", "September", "October", "November", "December"),
)
THIRDS = ("early", "mid", "late")
MOST_NIGHTS = 9

_HINTS: dict[Aspect, dict[str, dict[str, tuple[str, str]]]] = json.loads(
    (Path(__file__).parent / "hints.json").read_text(encoding="utf-8")
)
_PLACE: Mapping[Split, int] = {"train": 0, "heldout": 1}

TOPICS: dict[Aspect, dict[str, tuple[str, ...]]] = {
    aspect: {topic: tuple(values) for topic, values in _HINTS[aspect].items()} for aspect in ASPECTS
}
VALUES = {topic: values for topics in TOPICS.values() for topic, values in topics.items()}
ASPECT_OF = {topic: aspect for aspect, topics in TOPICS.items() for topic in topics}
HINTED = {
    hint: (topic, value)
    for topics in _HINTS.values()
    for topic, values in topics.items()
    for value, hints in values.items()
    for hint in hints
}
"""What each hint means."""


def hint(topic: str, value: str, split: Split) -> str:
    """The split's hint at a value."""
    return _HINTS[ASPECT_OF[topic]][topic][value][_PLACE[split]]


def split_of(wishes: Mapping[str, str]) -> Split:
    """The split of a block, given the value wished for by topic."""
    key = " ".join(f"{topic}={wishes[topic]}" for topic in sorted(wishes))
    draw = int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 16**8
    return "heldout" if draw < HELDOUT_BLOCKS else "train"
