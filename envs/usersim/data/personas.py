"""The personas: generated with a fixed seed, checked, and split.

A candidate is rejected if it is against the schema, does not hold together (`coherence`), or is nearly another one that was
accepted: a cosine of more than .90 between their texts, of what tells people apart.

Invariant: no name stands in two splits.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from pydantic import ValidationError

from envs.usersim.data.coherence import violations
from envs.usersim.data.person import draw
from envs.usersim.data.sops import Split
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.similarity import cosine

COUNT = 72
SEED = 6
MOST_ALIKE = 0.90
SPLIT: dict[Split, range] = {"train": range(36), "dev": range(36, 48), "test": range(48, 72)}
RENAMED = {"p-0001": "Selma Abendroth", "p-0068": "Lorenz Pemberton"}
"""By hand, because somebody in `test` had drawn the same name."""


class Rejected(NamedTuple):
    """A candidate that was not accepted."""

    id: str
    reason: str


def personas(split: Split | None = None) -> tuple[StaticProfile, ...]:
    """The shipped personas of a split (all, if None)."""
    people = _named()
    return people if split is None else tuple(people[at] for at in SPLIT[split])


@cache
def _named() -> tuple[StaticProfile, ...]:
    people, _ = generate(COUNT, SEED)
    names = [RENAMED.get(one.persona_id, one.background.name) for one in people]
    return tuple(one.but(background=one.background.but(name=name)) for one, name in zip(people, names, strict=True))


@cache
def generate(count: int, seed: int) -> tuple[tuple[StaticProfile, ...], tuple[Rejected, ...]]:
    """The first `count` candidates that pass, and those before them that did not."""
    rng = random.Random(f"usersim personas {seed}")
    accepted: list[StaticProfile] = []
    rejected: list[Rejected] = []
    while len(accepted) < count:
        name = f"p-{len(accepted) + len(rejected):04d}"
        try:
            person = StaticProfile.load(draw(rng, name))
        except ValidationError as error:
            rejected.append(Rejected(name, f"schema: {error.errors()[0]['loc']} {error.errors()[0]['msg']}"))
            continue
        reason = objection(person, accepted)
        if reason:
            rejected.append(Rejected(name, reason))
        else:
            accepted.append(person)
    return tuple(accepted), tuple(rejected)


def objection(person: StaticProfile, others: Iterable[StaticProfile]) -> str:
    """Why a person is not accepted beside others; empty if it is."""
    broken = violations(person)
    if broken:
        return "; ".join(broken)
    twin = next((other for other in others if cosine(text_of(person), text_of(other)) > MOST_ALIKE), None)
    return f"near-duplicate: of {twin.persona_id}" if twin else ""


def text_of(person: StaticProfile) -> str:
    """What is written in a profile, without the words that all of them share."""
    who, voice = person.background, person.expression
    said = [who.name, who.region, who.education, who.occupation, who.household, who.housing, who.marital_status, who.transport]
    said += [*person.needs, *person.values, *person.interests, *voice.phrases, voice.dialect, person.negotiation.style]
    said += [scenario.what for scenario in person.life_scenarios]
    said += [fact.value for fact in person.hard_facts]
    return ". ".join(part for part in said if part)
