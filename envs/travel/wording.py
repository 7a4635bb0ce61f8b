"""The fixed words of TravelGym: openings, questions, searches, what the gym and the scripted user say.

Invariants
- An opening's template belongs to one source and one split, so who reads it knows both. The expert's questions and searches do,
  too.
- An opening tells what is wanted, where and when, and that the cheapest that fits is best; it tells no wish.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envs.base import Split
from envs.travel.catalogue import ARGUMENTS, ASPECTS, Aspect, Source

BEST, OTHER, WRONG = "Best.", "It fits, but there is better.", "It does not fit."
CHOSEN = "That is settled already."
STRAY = "Nothing of that kind is wanted."
FORMAT = "Answer with one id, such as F1."
DESCRIBE = "Answer with the values of one booking, each after its topic."
SEVERAL = "Several differ; say more."
DONE = "Done."
NO_WISH, VAGUE = "I do not mind.", "Please be more exact."
BUSY = "The search is busy; try again."
AGAIN = "You have these results already."
MISSED = "Search for one booking, with all that was said about it."
NOT_A_SEARCH = "Say which booking to search for."

WANTED: dict[Aspect, str] = {
    "flight": "a flight",
    "hotel": "a hotel",
    "restaurant": "a restaurant",
    "apartment": "an apartment",
    "rental_car": "a rental car",
}
NAMES: dict[Aspect, str] = {aspect: wanted.split(" ", 1)[1] for aspect, wanted in WANTED.items()}

OPENINGS: dict[Source, dict[Split, tuple[str, ...]]] = {
    "compact": {
        "train": (
            "From {origin} to {city}, {date}, {nights} nights. I need {wanted}, the cheapest that fits.",
            "I go from {origin} to {city} in {date} for {nights} nights. Find {wanted}, the cheapest that fits.",
        ),
        "heldout": ("I need the cheapest that fits. {nights} nights in {date}, from {origin} to {city}: find {wanted}.",),
    },
    "rich": {
        "train": (
            "We leave {origin} for {city} in {date} and stay {nights} nights. Could you book {wanted} for us? "
            "Money is short: we take the cheapest that fits.",
            "Please help me plan {nights} nights in {city} in {date}; I start from {origin}. I need {wanted}, and of what fits "
            "always the cheapest.",
        ),
        "heldout": (
            "Hello! In {date} I travel to {city}, all the way from {origin}, and I remain there for {nights} nights. "
            "What I lack is {wanted}. My purse is thin, so among what fits the lowest price wins.",
        ),
    },
}
# Never at the beginning: a tiny tokenizer would write a word there with other tokens than elsewhere.
COMPACT_HINTS: dict[Split, tuple[str, ...]] = {
    "train": ("I like {topic} {value}.", "Let it be {topic} {value}.", "It is {topic} {value}."),
    "heldout": ("I want {topic} {value}.",),
}
SITUATION = "A traveller goes from {origin} to {city} in {date} for {nights} nights and needs {wanted}."

QUESTIONS: dict[Source, dict[Split, tuple[str, ...]]] = {
    "compact": {"train": ("Which {topic}?", "What {topic} do you want?"), "heldout": ("And the {topic}?",)},
    "rich": {
        "train": (
            "Do you have a preference about the {topic} of the {name}?",
            "Which {topic} would you like for your {name}?",
        ),
        "heldout": ("As to the {name}, what {topic} suits you?", "Is there a {topic} you favour with the {name}?"),
    },
}
SEARCHES: dict[Source, dict[Split, tuple[str, str]]] = {
    "compact": {
        "train": ("{name} {origin} {city} {date}", "{name} {city} {date}"),
        "heldout": ("{name}: {origin} {city} {date}", "{name}: {city} {date}"),
    },
    "rich": {
        "train": ("{name} from {origin} to {city} in {date}", "{name} in {city} in {date}"),
        "heldout": ("Show each {name} that leaves {origin} for {city}, {date}", "Show each {name} there is in {city}, {date}"),
    },
}
"""For a flight, and for everything else."""
STAY = " for {nights} nights"

LEADS = ("", "Well. ", "Let me think. ")
VOLUNTEERED = "By the way: "
CHATS = ("I look forward to the trip.", "Travelling is fun.", "It is nice to have help.")


@dataclass(frozen=True, slots=True)
class Trip:
    """What an opening tells."""

    source: Source
    split: Split
    aspects: tuple[Aspect, ...]
    facts: Mapping[str, str]
    """`origin`, `city`, `date`, `nights`."""


def join_wanted(aspects: Sequence[Aspect]) -> str:
    """The aspects in a sentence."""
    *most, last = [WANTED[aspect] for aspect in aspects]
    return f"{', '.join(most)} and {last}" if most else last


def describe(values: Mapping[str, str]) -> str:
    """What an option is like, as an answer by value says it."""
    return " ".join(f"{topic} {value}" for topic, value in values.items())


def read_opening(text: str) -> Trip | None:
    """The trip of an opening; None for any other text."""
    for pattern, source, split in _PATTERNS:
        if (told := pattern.fullmatch(text)) is not None:
            facts = told.groupdict()
            wanted = facts.pop("wanted")
            found = sorted(
                (aspect for aspect in ASPECTS if WANTED[aspect] in wanted), key=lambda each: wanted.index(WANTED[each])
            )
            return Trip(source, split, tuple(found), facts)
    return None


def search_for(aspect: Aspect, trip: Trip, split: Split) -> str:
    """The expert's search."""
    flight, other = SEARCHES[trip.source][split]
    text = (flight if aspect == "flight" else other).format(name=NAMES[aspect], **trip.facts)
    return text + (STAY.format(**trip.facts) if "nights" in ARGUMENTS[aspect] else "")


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(template)))


_PATTERNS = tuple(
    (_pattern(template), source, split)
    for source, splits in OPENINGS.items()
    for split, templates in splits.items()
    for template in templates
)
