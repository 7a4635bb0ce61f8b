"""One drawn person: background, character, voice and hard facts from hand-written parts.

Attributes are drawn from rough dependencies only, so that people who do not hold together come out too: `coherence` is what
rejects them. Nothing is taken from a real person; names, towns and streets are made up.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from envs.usersim.data.coherence import YEAR
from envs.usersim.data.culture import culture_of
from envs.usersim.data.files import read
from envs.usersim.data.traits import economic, negotiation, susceptibility

GENERATOR = "envs.usersim.data.person"
CONFORMING = 0.85
"""How often an attribute is drawn from what suits the occupation, instead of from all there is."""
NEEDS = ("order", "infavoidance", "autonomy", "affiliation", "nurturance", "deference", "play", "inviolacy", "retention")
VALUES = ("honest", "helpful", "truthful", "coherent", "harmless")
INTERESTS = ("gardening", "cooking", "football", "films", "crafts", "travel", "music", "cars", "history", "health", "gaming")
GENDERS = ("female", "male", "female", "male", "female", "male", "nonbinary")


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of a person before drawing."""

    big5: dict[str, float] = field(default_factory=dict)
    gender: str | None = None
    ages: tuple[int, int] = (18, 90)


NOTHING = Given()


def draw(rng: random.Random, persona_id: str, given: Given = NOTHING) -> dict[str, Any]:
    """A candidate, as data of a `StaticProfile`."""
    parts = read("parts/people.json")
    big5 = {trait: round(min(max(rng.gauss(0.5, 0.22), 0.02), 0.98), 2) for trait in "OCEAN"} | given.big5
    low, high = given.ages
    job = rng.choice([job for job in parts["occupations"] if job["ages"][0] <= high and low <= job["ages"][1]])
    suits = rng.random() < CONFORMING
    age = rng.randint(max(low, job["ages"][0]), min(high, job["ages"][1])) if suits else rng.randint(low, min(high, 88))
    band = rng.choice(job["bands"] if suits else list(parts["incomes"]))
    homes = [home for home in parts["housing"] if band in home["bands"]] if suits else parts["housing"]
    household = rng.choice(parts["households"])
    town = rng.randrange(len(parts["towns"]))
    gender = given.gender or rng.choice(GENDERS)
    literacy = min(max(rng.randint(2, 5) - (age > 70) - (age > 80), 1), 5)
    background = {
        "name": f"{rng.choice(parts['given'][gender])} {rng.choice(parts['family'])}",
        "age": age,
        "gender": gender,
        "region": parts["regions"][town],
        "education": rng.choice(job["education"] if suits else parts["education"]),
        "occupation": job["name"],
        "income_band": band,
        "household": household["name"],
        "digital_literacy": literacy,
        "domain_knowledge": job["knows"],
        "housing": rng.choice(homes)["name"],
        "marital_status": rng.choice(household["marital"] if suits else ["single", "married", "divorced", "widowed"]),
        "transport": rng.choice(parts["transport"]),
    }
    negotiating = negotiation(big5, rng)
    expression = _voice(rng, big5, suits)
    return {
        "schema": "static_profile/v1",
        "persona_id": persona_id,
        "locale": "en-US",
        "languages": [{"code": "en-US", "level": 5}],
        "background": background,
        "personality": {"big5": big5, "mbti": _type(rng, big5, suits)},
        "needs": rng.sample(NEEDS, 3),
        "values": rng.sample(VALUES, 2),
        "interests": rng.sample(INTERESTS, 3),
        "expression": expression,
        "life_scenarios": _lives(rng, household["children"], job["name"]),
        "economic": economic(big5, band),
        "negotiation": negotiating,
        "susceptibility": susceptibility(big5, negotiating, literacy),
        "hard_facts": _facts(rng, age, town, band, household["children"]),
        "unknown_to_user": parts["unknown"],
        "culture": culture_of("en-US", rng),
        "provenance": {"source": "hand-written parts, combined", "generator": GENERATOR, "licence": "Apache-2.0"},
    }


def _type(rng: random.Random, big5: dict[str, float], suits: bool) -> str | None:
    if rng.random() < 0.4:
        return None
    letters = ("EI", "NS", "FT", "JP")
    sure = {"E": big5["E"], "N": big5["O"], "F": big5["A"], "J": big5["C"]}
    pick = [pair[0] if sure[pair[0]] >= 0.5 else pair[1] for pair in letters]
    if not suits:
        pick[3] = rng.choice("JP")
    return "".join(pick)


def _voice(rng: random.Random, big5: dict[str, float], suits: bool) -> dict[str, Any]:
    voices = read("parts/voices.json")
    formality = rng.randint(1, 5)
    measured = {**big5, "formality": formality}

    def fits(entry: dict[str, Any]) -> bool:
        return all(entry[trait][0] <= measured[trait] <= entry[trait][1] for trait in entry if trait != "phrases")

    tones = [name for name, entry in voices["tones"].items() if fits(entry) or not suits]
    chosen = rng.sample(tones, min(2, len(tones)))
    phrases = [phrase for tone in chosen for phrase in rng.sample(voices["tones"][tone]["phrases"], rng.randint(2, 3))]
    phrases += rng.sample(voices["disfluency"], max(3 - len(phrases), 0))
    return {
        "speech_rate": rng.randint(2, 5) if suits else rng.randint(1, 5),
        "verbosity_units": round(min(max(rng.gauss(10 + 16 * big5["E"], 4), 6), 36)),
        "patience_trait": round(1 + 4 * min(max(0.6 * big5["A"] + 0.4 * big5["C"] + rng.gauss(0, 0.1), 0), 1)),
        "formality": formality,
        "directness": min(max(round(6 - 4 * big5["A"] + rng.gauss(0, 0.8)), 1), 5),
        "filler_rate": round(0.02 + 0.2 * rng.random() * big5["N"], 2),
        "phrases": phrases,
        "disfluency": rng.sample(voices["disfluency"], 2),
        "dialect": rng.choice(voices["dialects"]),
    }


def _lives(rng: random.Random, children: int, job: str) -> list[dict[str, Any]]:
    works = not job.startswith(("retired", "student", "looking"))
    possible = [
        entry
        for entry in read("parts/lives.json")
        if (entry.get("needs") != "children" or children) and (entry.get("needs") != "work" or works)
    ]
    busy = [entry for entry in possible if entry["interrupts"]]
    calm = [entry for entry in possible if not entry["interrupts"]]
    chosen = rng.sample(busy, rng.randint(1, 2)) + rng.sample(calm, rng.randint(1, 2))
    return [{key: value for key, value in entry.items() if key != "needs"} for entry in chosen]


def _facts(rng: random.Random, age: int, town: int, band: str, children: int) -> list[dict[str, Any]]:
    parts = read("parts/people.json")
    slip = rng.random() < 0.04
    account = " ".join(str(rng.randint(10, 99)) for _ in range(5))
    facts = {
        "birth_year": (str(YEAR - age - (7 if slip else rng.randint(0, 1))), 1),
        "home_town": (parts["towns"][town], 0),
        "home_address": (f"{rng.randint(2, 89)} {rng.choice(parts['streets'])}", 2),
        "account_number": (account, 2),
        "household_income": (parts["incomes"][band], 2),
        "medicines": (rng.choice(parts["facts"]["medicines"]), 3),
        "children": (str(children), 0),
    }
    for key in rng.sample(["pet", "first_car", "allergy", "habit", "grudge"], 4):
        facts[key] = (rng.choice(parts["facts"][key]), 0)
    return [{"key": key, "value": value, "sensitivity": sensitivity} for key, (value, sensitivity) in facts.items()]
