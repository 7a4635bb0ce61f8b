"""Which persona may be called about which SOP: stage S3 of section 7, by rule.

A pair is implausible if the person is too young or too old for the matter, or does not live as it supposes; no persona is in
more than eight pairs, and pairs are spread evenly over the SOPs.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from envs.usersim.data.files import read
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile

CAP = 8
"""Pairs of a persona."""


class Unfit(NamedTuple):
    """A pair that makes no sense."""

    persona_id: str
    sop_id: str
    reason: str


def implausible(person: StaticProfile, sop: Sop) -> str:
    """Why a person is not called about an SOP; empty if it may be."""
    rule = read("pairing.json").get(sop.family, {})
    who = person.background
    low, high = rule.get("ages", (18, 90))
    if who.age is not None and not low <= who.age <= high:
        return f"age {who.age} is not {low} to {high}"
    if who.housing and who.housing not in rule.get("housing", [who.housing]):
        return f"{who.housing}"
    if who.occupation and who.occupation.startswith(tuple(rule.get("not_occupations", ()))):
        return f"{who.occupation}"
    return ""


def pairs(
    people: Sequence[StaticProfile], sops: Sequence[Sop], rng: random.Random
) -> tuple[list[tuple[int, int]], list[Unfit]]:
    """The plausible pairs as indices into both, at most `CAP` of a person, the rarest SOP first; and the implausible ones."""
    unfit: list[Unfit] = []
    fitting: dict[int, list[int]] = {}
    for at, person in enumerate(people):
        for of, sop in enumerate(sops):
            reason = implausible(person, sop)
            if reason:
                unfit.append(Unfit(person.persona_id, sop.sop_id, reason))
            else:
                fitting.setdefault(at, []).append(of)
    taken: Counter[int] = Counter()
    chosen: list[tuple[int, int]] = []
    for at in rng.sample(sorted(fitting), len(fitting)):
        mine = sorted(fitting[at], key=lambda of: (taken[of], rng.random()))[:CAP]
        taken.update(mine)
        chosen += [(at, of) for of in mine]
    return chosen, unfit
