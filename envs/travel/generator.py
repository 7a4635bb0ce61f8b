"""Trips, made from a seed.

Invariants
- The options that are where the trip goes form a balanced list: every combination of values that is listed has as many options,
  and each looks alike among the others, so nothing but the wishes tells which one is meant. With three wishes and more the
  combinations differ in two topics at least: all wishes but one are enough to know.
- Prices and ids are random, each price once.
"""

from __future__ import annotations

import hashlib
import random
from itertools import product

from envs.base import Split
from envs.travel.catalogue import (
    ARGUMENTS,
    ASPECTS,
    CITIES,
    LETTERS,
    MONTHS,
    MOST_NIGHTS,
    THIRDS,
    TOPICS,
    VALUES,
    Aspect,
    Source,
    hint,
    split_of,
)
from envs.travel.task import Block, Hidden, Option, Preference, TravelTask, Visible
from envs.travel.wording import COMPACT_HINTS, OPENINGS, SITUATION, join_wanted

PER_COMBINATION = 2
NOISE: dict[Source, int] = {"compact": 1, "rich": 4}
PRICES = range(20, 400)


def make_task(rng: random.Random, family: str, source: Source, split: Split) -> TravelTask:
    """A trip of a family whose blocks are all of a split."""
    origin, city = rng.sample(CITIES, 2)
    facts = {"origin": origin, "city": city, "date": f"{rng.choice(THIRDS)} {rng.choice(MONTHS)}"}
    facts["nights"] = str(rng.randint(2, MOST_NIGHTS))
    aspects = rng.sample(ASPECTS, len(family))
    blocks: list[Block] = []
    first = 1
    for aspect, count in zip(aspects, map(int, family), strict=True):
        blocks.append(_block(rng, aspect, count, first, facts, source, split))
        first += count
    wanted = join_wanted(aspects)
    opening = rng.choice(OPENINGS[source][split]).format(wanted=wanted, **facts)
    hidden = Hidden(situation=SITUATION.format(wanted=wanted, **facts), blocks=tuple(blocks))
    key = hashlib.sha256(f"{source} {opening} {hidden.model_dump_json()}".encode()).hexdigest()[:12]
    return TravelTask(
        id=f"travel{family}-{source}-{key}",
        gym="TravelGym",
        split=split,
        source=source,
        family=family,
        visible=Visible(opening=opening),
        hidden=hidden,
    )


def _block(
    rng: random.Random, aspect: Aspect, count: int, first: int, facts: dict[str, str], source: Source, split: Split
) -> Block:
    wishes = _wishes(rng, aspect, count, split)
    preferences = tuple(
        Preference(id=f"P{number}", aspect=aspect, topic=topic, value=value, hint=_hint(rng, topic, value, source, split))
        for number, (topic, value) in enumerate(wishes.items(), first)
    )
    others = {topic: rng.choice(VALUES[topic]) for topic in TOPICS[aspect] if topic not in wishes} if source == "rich" else {}
    combinations = [combined for combined in _combinations(rng, wishes) for _ in range(PER_COMBINATION)]
    right = [combined == wishes for combined in combinations]
    elsewhere = rng.sample([each for each in CITIES if each != facts["city"]], NOISE[source])
    places = [*[facts["city"]] * len(combinations), *elsewhere]
    combinations += [rng.choice(combinations) for _ in elsewhere]
    features = [
        {topic: (combined | others)[topic] for topic in TOPICS[aspect] if topic in combined | others}
        for combined in combinations
    ]
    numbers, prices = rng.sample(range(1, len(places) + 1), len(places)), rng.sample(PRICES, len(places))
    options = [
        Option(id=f"{LETTERS[aspect]}{number}", place=place, price=price, features=each)
        for number, place, price, each in zip(numbers, places, prices, features, strict=True)
    ]
    return Block(
        aspect=aspect,
        arguments={name: facts[name] for name in ARGUMENTS[aspect]},
        preferences=preferences,
        correct=tuple(option for option, fits in zip(options, right, strict=False) if fits),
        wrong=tuple(option for option, fits in zip(options, right, strict=False) if not fits),
        noise=tuple(options[len(right) :]),
    )


def _wishes(rng: random.Random, aspect: Aspect, count: int, split: Split) -> dict[str, str]:
    while True:
        chosen = set(rng.sample(list(TOPICS[aspect]), count))
        wishes = {topic: rng.choice(VALUES[topic]) for topic in TOPICS[aspect] if topic in chosen}
        if split_of(wishes) == split:
            return wishes


def _combinations(rng: random.Random, wishes: dict[str, str]) -> list[dict[str, str]]:
    """Every topic takes the wished value or one other; of three topics and more, an even number takes the other."""
    other = {topic: rng.choice([each for each in VALUES[topic] if each != value]) for topic, value in wishes.items()}
    kept = [flips for flips in product([False, True], repeat=len(wishes)) if len(wishes) < 3 or sum(flips) % 2 == 0]
    return [
        {topic: other[topic] if flip else wishes[topic] for topic, flip in zip(wishes, flips, strict=True)} for flips in kept
    ]


def _hint(rng: random.Random, topic: str, value: str, source: Source, split: Split) -> str:
    if source == "rich":
        return hint(topic, value, split)
    return rng.choice(COMPACT_HINTS[split]).format(topic=topic, value=value)
