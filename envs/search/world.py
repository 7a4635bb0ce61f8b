"""The made-up world of SearchGym: things, what is true of them, and an article on each.

Invariants (tested)
- The world is the same in every process: its seed is fixed.
- It has two lands whose things are related only among themselves. The questions of a split are about one land, so no thing of
  a train question, first, between or last, occurs in a held-out one. All articles stand in one corpus, as on the web.
- Years are even in the land of the train questions and odd in the other.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from envs.base import Split
from envs.search.names import Kind, Named, names
from envs.search.relations import INTRODUCTIONS, RELATIONS, Relation

WORLD_SEED = 0
PER_LAND: dict[Kind, int] = {
    "person": 48,
    "town": 18,
    "river": 10,
    "mountain": 8,
    "company": 18,
    "festival": 16,
    "invention": 20,
    "book": 16,
    "hospital": 8,
    "court": 8,
}
FIRST_YEAR, LAST_YEAR = 1702, 1940
LANDS: dict[Split, int] = {"train": 0, "heldout": 1}


@dataclass(frozen=True, slots=True)
class Article:
    """What can be found about one thing."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Thing:
    """`facts` leads from the name of a relation to the name of a thing, or to a year."""

    name: str
    aliases: tuple[str, ...]
    kind: Kind
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class World:
    """Things by split and name, and all articles in a fixed order."""

    things: Mapping[Split, Mapping[str, Thing]]
    articles: tuple[Article, ...]


@lru_cache(maxsize=1)
def world() -> World:
    """The world, made on first use."""
    rng = random.Random(f"search world {WORLD_SEED}")
    named = {kind: names(kind, rng) for kind in PER_LAND}
    things = {split: dict(_land(split, named, rng)) for split in LANDS}
    articles = [_article(thing, rng) for land in things.values() for thing in land.values()]
    rng.shuffle(articles)
    return World(things, tuple(articles))


def _land(split: Split, named: Mapping[Kind, list[Named]], rng: random.Random) -> Iterator[tuple[str, Thing]]:
    here = {kind: named[kind][LANDS[split] * count :][:count] for kind, count in PER_LAND.items()}
    for kind, several in here.items():
        for name, aliases in several:
            relations = [relation for relation in RELATIONS.values() if relation.source == kind]
            facts = {relation.name: _related(relation, name, split, here, rng) for relation in relations}
            yield name, Thing(name, aliases, kind, facts)


def _related(relation: Relation, name: str, split: Split, here: Mapping[Kind, list[Named]], rng: random.Random) -> str:
    if relation.target == "year":
        return str(rng.randrange(FIRST_YEAR, LAST_YEAR, 2) + LANDS[split])
    return rng.choice([other for other, _ in here[relation.target] if other != name])


def _article(thing: Thing, rng: random.Random) -> Article:
    stated = [rng.choice(RELATIONS[relation].sentences).format(x=thing.name, y=y) for relation, y in thing.facts.items()]
    rng.shuffle(stated)
    introduction = rng.choice(INTRODUCTIONS[thing.kind]).format(x=thing.name)
    return Article(thing.name, " ".join([introduction, *stated]))
