"""Whether a person holds together: the rules R1 to R8 of a static profile. Section 3.2 of the specification.

| rule | what has to agree |
|---|---|
| R1 | age and occupation |
| R2 | education and occupation |
| R3 | income, occupation and housing |
| R4 | length of utterances and speech rate |
| R5 | tone of the phrases and Big Five |
| R6 | hard facts and background: birth year, home, income, children |
| R7 | household, marital status and age |
| R8 | MBTI and Big Five (E/I with E, J/P with C) |

The specification names six and leaves their bounds open; R7 and the bounds are ours. What the parts (`parts/`) do not know,
such as an occupation from elsewhere, breaks no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from envs.usersim.data.files import read
from envs.usersim.schema.static_profile import StaticProfile

YEAR = 2026
"""The year that ages are counted in."""
TERSE, WORDY = 8, 28
"""Length units: who says less talks at most at `FAST`, who says more at least at `SLOW`."""
SLOW, FAST = 2, 4


def violations(profile: StaticProfile) -> tuple[str, ...]:
    """The names of the rules that a profile breaks, with the reason."""
    return tuple(f"{name}: {reason}" for name, rule in RULES.items() for reason in rule(profile))


def _known(table: str, name: str | None) -> dict[str, Any] | None:
    entries: list[dict[str, Any]] = read("parts/people.json")[table]
    return next((entry for entry in entries if entry["name"] == name), None)


def _age(profile: StaticProfile) -> Iterable[str]:
    job, age = _known("occupations", profile.background.occupation), profile.background.age
    if job and age is not None and not job["ages"][0] <= age <= job["ages"][1]:
        yield f"{job['name']} at {age}"


def _education(profile: StaticProfile) -> Iterable[str]:
    job = _known("occupations", profile.background.occupation)
    if job and profile.background.education and profile.background.education not in job["education"]:
        yield f"{job['name']} with {profile.background.education}"


def _income(profile: StaticProfile) -> Iterable[str]:
    band = profile.background.income_band
    job, home = _known("occupations", profile.background.occupation), _known("housing", profile.background.housing)
    if job and band and band not in job["bands"]:
        yield f"{job['name']} with an income that is {band}"
    if home and band and band not in home["bands"]:
        yield f"{home['name']} with an income that is {band}"


def _pace(profile: StaticProfile) -> Iterable[str]:
    length, rate = profile.expression.verbosity_units, profile.expression.speech_rate
    if (length <= TERSE and rate > FAST) or (length >= WORDY and rate < SLOW):
        yield f"{length} units at a speech rate of {rate}"


def _tone(profile: StaticProfile) -> Iterable[str]:
    measured = {**profile.personality.big5.model_dump(), "formality": profile.expression.formality}
    for tone, entry in read("parts/voices.json")["tones"].items():
        used = set(profile.expression.phrases) & set(entry["phrases"])
        for trait in set(entry) - {"phrases"}:
            low, high = entry[trait]
            if used and not low <= measured[trait] <= high:
                yield f"{tone} phrases with {trait} {measured[trait]:.2f}"


def _facts(profile: StaticProfile) -> Iterable[str]:
    facts = {fact.key: fact.value for fact in profile.hard_facts}
    who = profile.background
    born = re.fullmatch(r"\d{4}", facts.get("birth_year", ""))
    if born and who.age is not None and not 0 <= YEAR - who.age - int(born.group()) <= 1:
        yield f"born {born.group()} and {who.age} years old"
    if "household_income" in facts and who.income_band in read("parts/people.json")["incomes"]:
        stated = read("parts/people.json")["incomes"][who.income_band]
        if facts["household_income"] != stated:
            yield f"an income that is {who.income_band} of {facts['household_income']}"
    home = _known("households", who.household)
    if home and "children" in facts and facts["children"] != str(home["children"]):
        yield f"{home['name']} with {facts['children']} children"
    if "housing" in facts and who.housing and facts["housing"] != who.housing:
        yield f"{who.housing} and {facts['housing']}"


def _household(profile: StaticProfile) -> Iterable[str]:
    home, who = _known("households", profile.background.household), profile.background
    if home and who.marital_status and who.marital_status not in home["marital"]:
        yield f"{home['name']} and {who.marital_status}"
    if home and who.age is not None and not home["min_age"] <= who.age <= home.get("max_age", who.age):
        yield f"{home['name']} at {who.age}"


def _types(profile: StaticProfile) -> Iterable[str]:
    kind, traits = profile.personality.mbti, profile.personality.big5
    if kind and (kind[0] == "E") != (traits.E >= 0.5):
        yield f"{kind} with E {traits.E:.2f}"
    if kind and (kind[3] == "J") != (traits.C >= 0.5):
        yield f"{kind} with C {traits.C:.2f}"


RULES: dict[str, Callable[[StaticProfile], Iterable[str]]] = {
    "R1": _age,
    "R2": _education,
    "R3": _income,
    "R4": _pace,
    "R5": _tone,
    "R6": _facts,
    "R7": _household,
    "R8": _types,
}
