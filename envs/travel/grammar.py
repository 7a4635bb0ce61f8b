"""The small language of TravelGym, and the only code that reads it.

    question   a text with exactly one sentence that ends in "?", which names exactly one topic and no aspect but the topic's
    search     a text that names one aspect, says everything its search has to say, and of places, months, parts of months and
               numbers nothing else but what is true of the trip; a flight's two places in this order, or "from" before the
    first reply      a hint of the catalogue, or a topic with a value after it
    choice     a letter of A, C, F, H, R and a number
    description      topics of one aspect, each once and followed by one of its values, and no other word

Invariants
- What does not parse means nothing: it is too vague, or no search, never an error. Unknown words are passed over, so nothing
  that is said to a judge changes what a text means.
- Texts are read as `envs.text` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Literal

from envs.text import questions, words
from envs.travel.catalogue import ASPECT_OF, CITIES, HINTED, MONTHS, THIRDS, VALUES, Aspect
from envs.travel.task import Preference

Aligned = Literal["true", "false", "n/a"]

_ASPECT_WORDS: dict[Aspect, str] = {
    "flight": "flight flights plane planes",
    "hotel": "hotel hotels",
    "restaurant": "restaurant restaurants",
    "apartment": "apartment apartments flat flats",
    "rental_car": "car cars",
}
_MORE_TOPIC_WORDS = {
    "seat": "seats",
    "stops": "stop stopover stopovers",
    "departure": "departures",
    "bag": "bags luggage baggage",
    "meal": "meals",
    "bed": "beds",
    "view": "views",
    "floor": "floors storey",
    "pool": "pools",
    "cuisine": "cuisines",
    "table": "tables",
    "drink": "drinks",
    "dessert": "desserts",
    "pets": "pet animal animals",
    "gearbox": "transmission",
    "trunk": "boot",
    "color": "colour",
}
_ASPECTS: dict[str, Aspect] = {word: aspect for aspect, listed in _ASPECT_WORDS.items() for word in listed.split()}
_TOPICS = {topic: topic for topic in VALUES} | {
    word: topic for topic, listed in _MORE_TOPIC_WORDS.items() for word in listed.split()
}
_PLACES = frozenset(city.casefold() for city in CITIES)
_TIMES = frozenset(word.casefold() for word in (*MONTHS, *THIRDS))
_HINTS = {words(hint): meaning for hint, meaning in HINTED.items()}
_CHOICE = re.compile(r"[ACFHR]\d+", re.ASCII)


def asked(text: str) -> str | None:
    """The topic a text asks about; "" if it asks nothing, None if it is too vague to tell."""
    said = words(text)
    topics = {_TOPICS[word] for word in said if word in _TOPICS}
    aspects = aspects_named(text)
    count = len(questions(text))
    if not topics and not aspects and not count:
        return ""
    if len(topics) != 1 or count != 1:
        return None
    (topic,) = topics
    return topic if aspects <= {ASPECT_OF[topic]} else None


def aspects_named(text: str) -> set[Aspect]:
    """The aspects whose name a text holds."""
    return {_ASPECTS[word] for word in words(text) if word in _ASPECTS}


def searched(query: str, arguments: Mapping[str, Mapping[str, str]]) -> tuple[Aligned, Aspect | None]:
    """Whether a query is a search for one aspect with all its arguments right, given those of every aspect of the trip."""
    named = aspects_named(query) & arguments.keys()
    if not aspects_named(query):
        return "n/a", None
    if len(aspects_named(query)) != 1 or not named:
        return "false", None
    (aspect,) = named
    right = _says_arguments(words(query), arguments[aspect], arguments.values())
    return ("true" if right else "false"), aspect


def chosen(text: str) -> str | None:
    """The letter and number of a choice; None for anything else."""
    return text if _CHOICE.fullmatch(text) else None


def described(text: str) -> dict[str, str] | None:
    """The values by topic that a description names; None for anything else."""
    said = words(text)
    topics = [_TOPICS.get(word, "") for word in said[::2]]
    values = dict(zip(topics, said[1::2], strict=False))
    known = all(value in VALUES.get(topic, ()) for topic, value in values.items())
    one_aspect = len({ASPECT_OF.get(topic) for topic in topics}) == 1
    return values if known and one_aspect and 2 * len(values) == len(said) else None


def aspect_described(values: Mapping[str, str]) -> Aspect:
    """The aspect that a description is about."""
    return ASPECT_OF[next(iter(values))]


def hinted(text: str) -> list[tuple[str, str]]:
    """Every topic and value that a reply lets be known."""
    said = words(text)
    found = [meaning for hint, meaning in _HINTS.items() if _holds(said, hint)]
    return found + [(topic, value) for topic, value in pairwise(said) if value in VALUES.get(topic, ())]


def is_false(reply: str, preference: Preference) -> bool:
    """Whether a reply that should reveal a wish names another value of its topic instead."""
    said, others = set(words(reply)), set(VALUES.get(preference.topic, ())) - {preference.value}
    told = {value for topic, value in hinted(reply) if topic == preference.topic}
    return bool(told - {preference.value}) or (not told and preference.value not in said and bool(said & others))


def _says_arguments(said: tuple[str, ...], wanted: Mapping[str, str], all_arguments: Iterable[Mapping[str, str]]) -> bool:
    places = [word for word in said if word in _PLACES]
    if not _is_route(said, places, wanted):
        return False
    times = {word for word in said if word in _TIMES}
    numbers = {word for word in said if word.isdigit()}
    stay = {arguments["nights"] for arguments in all_arguments if "nights" in arguments}
    needed = {wanted["nights"]} if "nights" in wanted else set()
    return times == set(words(wanted["date"])) and needed <= numbers <= stay


def _is_route(said: tuple[str, ...], places: list[str], wanted: Mapping[str, str]) -> bool:
    city, origin = wanted["city"].casefold(), wanted.get("origin", "").casefold()
    if not origin:
        return set(places) == {city}
    return places == [origin, city] or (places == [city, origin] and ("from", origin) in pairwise(said))


def _holds(said: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return any(said[start : start + len(part)] == part for start in range(len(said) - len(part) + 1))
