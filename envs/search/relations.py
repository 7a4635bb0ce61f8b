"""How things are related in the world of SearchGym: the sentences of articles and the phrases of questions.

Invariants (tested)
- A sentence of an article states one fact, and only of one relation; a phrase means one relation.
- No phrase or question frame of the one split is used in the other. Hospitals and courts are asked about in held-out
  questions only (`HELD_OUT_KINDS`).
"""

from __future__ import annotations

from dataclasses import dataclass

from envs.base import Split
from envs.search.names import Kind

HELD_OUT_KINDS: frozenset[Kind] = frozenset({"hospital", "court"})


@dataclass(frozen=True, slots=True)
class Relation:
    """From each thing of kind `source` to one thing of kind `target`. In texts `{x}` is the one and `{y}` the other."""

    name: str
    source: Kind
    target: Kind
    sentences: tuple[str, ...]
    phrase: dict[Split, str]
    """How a question names `{y}` by `{x}`."""


def _relation(name: str, source: Kind, target: Kind, sentences: str, train: str, heldout: str) -> Relation:
    return Relation(name, source, target, tuple(sentences.split(" | ")), {"train": train, "heldout": heldout})


RELATIONS: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        _relation(
            "born",
            "person",
            "town",
            "{x} was born in {y}. | {y} is where {x} grew up.",
            "the birthplace of {x}",
            "the town where {x} came into the world",
        ),
        _relation(
            "teacher",
            "person",
            "person",
            "{x} learned the trade from {y}. | As a child {x} was taught by {y}.",
            "the teacher of {x}",
            "the person whose pupil {x} was",
        ),
        _relation(
            "mayor",
            "town",
            "person",
            "The mayor of {x} is {y}. | {y} governs {x}.",
            "the mayor of {x}",
            "the person at the head of {x}",
        ),
        _relation(
            "river",
            "town",
            "river",
            "{x} lies on the {y}. | The {y} flows through {x}.",
            "the river of {x}",
            "the water on whose banks {x} stands",
        ),
        _relation(
            "source",
            "river",
            "mountain",
            "The {x} rises on {y}. | The spring of the {x} is on {y}.",
            "the source of {x}",
            "the peak from which {x} comes down",
        ),
        _relation(
            "mouth",
            "river",
            "town",
            "The {x} reaches the sea at {y}. | {y} is the last town on the {x}.",
            "the port at the end of {x}",
            "the place where {x} meets the sea",
        ),
        _relation(
            "climber",
            "mountain",
            "person",
            "{y} was the first to climb {x}. | The first ascent of {x} was made by {y}.",
            "the first climber of {x}",
            "the person who stood on {x} before all others",
        ),
        _relation(
            "seat",
            "company",
            "town",
            "{x} has its seat in {y}. | The office of {x} is in {y}.",
            "the seat of {x}",
            "the town that {x} is run from",
        ),
        _relation(
            "founder",
            "company",
            "person",
            "{y} founded {x}. | {x} was set up by {y}.",
            "the founder of {x}",
            "the person who started {x}",
        ),
        _relation(
            "founded",
            "company",
            "year",
            "{x} dates from {y}. | {x} opened its doors in {y}.",
            "the founding year of {x}",
            "the year in which {x} began",
        ),
        _relation(
            "venue",
            "festival",
            "town",
            "The {x} is held in {y}. | Every year {y} celebrates the {x}.",
            "the venue of {x}",
            "the town that guests of {x} travel to",
        ),
        _relation(
            "patron",
            "festival",
            "company",
            "The {x} is paid for by {y}. | {y} stands behind the {x}.",
            "the patron of {x}",
            "the firm whose money keeps {x} alive",
        ),
        _relation(
            "inventor",
            "invention",
            "person",
            "The {x} was thought up by {y}. | {y} built the first {x}.",
            "the inventor of {x}",
            "the person who came up with {x}",
        ),
        _relation(
            "maker",
            "invention",
            "company",
            "The {x} is made by {y}. | {y} sells the {x}.",
            "the maker of {x}",
            "the firm that produces {x}",
        ),
        _relation(
            "author",
            "book",
            "person",
            "{y} wrote {x}. | {x} is a novel by {y}.",
            "the author of {x}",
            "the person who penned {x}",
        ),
        _relation(
            "subject",
            "book",
            "festival",
            "{x} tells of one night at the {y}. | The {y} is the stage of {x}.",
            "the festival in {x}",
            "the feast that {x} describes",
        ),
        _relation(
            "ward",
            "hospital",
            "town",
            "{x} cares for the sick of {y}. | {x} is in {y}.",
            "the town of {x}",
            "the town whose sick go to {x}",
        ),
        _relation(
            "physician",
            "hospital",
            "person",
            "The chief physician of {x} is {y}. | {y} directs the doctors of {x}.",
            "the chief physician of {x}",
            "the person in charge of the doctors at {x}",
        ),
        _relation(
            "sits",
            "court",
            "town",
            "The {x} sits in {y}. | Cases come before the {x} in {y}.",
            "the town of {x}",
            "the town where {x} hears its cases",
        ),
        _relation(
            "judge",
            "court",
            "person",
            "The presiding judge of the {x} is {y}. | {y} presides over the {x}.",
            "the judge of {x}",
            "the person who presides at {x}",
        ),
    )
}

FRAMES: dict[Split, tuple[str, ...]] = {
    "train": ("What is the name of {}?", "Look up {}.", "Tell me {}."),
    "heldout": ("I would like to know {}.", "Which name belongs to {}?", "Find out {}, please."),
}
"""The whole question around a phrase."""

INTRODUCTIONS: dict[Kind, tuple[str, ...]] = {
    "person": ("{x} is known far and wide.", "{x} keeps bees and likes rain.", "Many remember {x} with pleasure."),
    "town": ("{x} is a quiet town.", "{x} has old walls and a new market.", "In {x} the bread is dark."),
    "river": ("The {x} is slow and green.", "The {x} freezes in hard winters."),
    "mountain": ("{x} wears snow until June.", "Goats graze on {x}."),
    "company": ("{x} has three hundred workers.", "{x} pays on Fridays."),
    "festival": ("The {x} lasts two days.", "At the {x} nobody sleeps."),
    "invention": ("The {x} saves a lot of work.", "The {x} is hard to repair."),
    "book": ("{x} has eleven chapters.", "Schools read {x}."),
    "hospital": ("{x} has a garden for its patients.", "{x} has eighty beds."),
    "court": ("The {x} decides in public.", "Lawyers fear the {x}."),
}
"""How an article begins; they tell nothing."""
