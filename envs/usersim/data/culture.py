"""Language and culture of a person, as two switches that know nothing of each other. Section 14.2 of the specification.

Invariants
- `in_language` changes how a person speaks and nothing else; `of_culture` changes `culture` and nothing else.
- Neither moves what decides: needs, money, bargaining, susceptibility and hard facts stay what they are.
- A culture is a preset with a deviation of each person's own, so nobody is given by where they are from.
"""

from __future__ import annotations

import random
from typing import Any

from envs.usersim.data.files import read
from envs.usersim.schema.static_profile import Language, StaticProfile

LANGUAGES = ("en-US", "zh-CN")
"""Those that the phrases are written in."""


def cultures() -> tuple[str, ...]:
    """The presets."""
    return tuple(read("cultures.json")["presets"])


def culture_of(preset: str, rng: random.Random) -> dict[str, Any]:
    """A preset with a person's own deviation. Raises KeyError."""
    table = read("cultures.json")
    if preset not in table["presets"]:
        raise KeyError(f"There is no culture {preset!r}; there are: {', '.join(cultures())}.")
    own = {
        name: round(min(max(value + rng.gauss(0, table["deviation"]), 0.0), 1.0), 2) if isinstance(value, float) else value
        for name, value in table["presets"][preset].items()
    }
    return {**own, "preset": preset, "source": table["source"]}


def of_culture(person: StaticProfile, preset: str, seed: int = 0) -> StaticProfile:
    """The same person, grown up elsewhere."""
    return person.but(culture=culture_of(preset, random.Random(f"culture {person.persona_id} {seed}")))


def in_language(person: StaticProfile, locale: str) -> StaticProfile:
    """The same person, speaking another language: phrases of the same tones. Raises KeyError."""
    if locale not in LANGUAGES:
        raise KeyError(f"There are no phrases in {locale!r}; there are: {', '.join(LANGUAGES)}.")
    if locale == person.locale:
        return person
    voices = read("parts/voices.json")
    said = _dictionary(voices, person.locale, locale)
    expression = person.expression.but(
        phrases=tuple(said.get(phrase, phrase) for phrase in person.expression.phrases),
        disfluency=tuple(dict.fromkeys(said.get(sound, sound) for sound in person.expression.disfluency)),
        dialect=None,
    )
    return person.but(locale=locale, languages=(Language(code=locale, level=5),), expression=expression)


def _dictionary(voices: dict[str, Any], source: str, target: str) -> dict[str, str]:
    """The phrases of one language to those of another, tone by tone and in order."""
    tables = [_phrases(voices, locale) for locale in (source, target)]
    return {
        a: b for tone in tables[0] for a, b in zip(tables[0][tone], _cycle(tables[1][tone], len(tables[0][tone])), strict=True)
    }


def _phrases(voices: dict[str, Any], locale: str) -> dict[str, list[str]]:
    if locale != "en-US":
        table: dict[str, list[str]] = voices[locale]
        return table
    return {**{tone: entry["phrases"] for tone, entry in voices["tones"].items()}, "disfluency": voices["disfluency"]}


def _cycle(entries: list[str], count: int) -> list[str]:
    return [entries[at % len(entries)] for at in range(count)]
