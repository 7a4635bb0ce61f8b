"""Personas from AlignX-shaped records: a person for each 90-dimensional preference, of whom nothing else is taken over.

A record has four preference pairs, each with a direction of 90 values in {0, .5, 1} (fields as in AlignX's README; sections 3.1
of the specification and `alignx_dims.json` name the dimensions). The mean of the four is read as its positive pole from .6 on,
as its negative one up to .4, else as neutral; if all are neutral, only the most extreme entries count.

Invariants
- Polarity is by name: at index 0 a 1 is *young*, at 2 *high* neuroticism, at 10 *bold* with money, at 16 *concise*.
- Big Five, age and gender, money, directness, length, needs, values and interests follow the record; all else is drawn by the
  record's hash. No word of its texts enters a profile, and none may share eight words in a row with them.
- What is wrong with a record is said in the rejection; no record is repaired.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from envs.usersim.data.files import read
from envs.usersim.data.person import Given, draw
from envs.usersim.data.personas import Rejected, objection, text_of
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.similarity import grams

DIMENSIONS, PAIRS = 90, 4
POSITIVE, NEGATIVE = 0.6, 0.4
BIG_FIVE = {"N": 2, "E": 3, "O": 4, "A": 5, "C": 6}
"""Trait to index; a 1 is high for all of them."""
INVESTING, SAVING, CONFLICT, STYLE = 10, 11, 15, 16
NEEDS, VALUES, INTERESTS = range(23, 40), range(40, 47), range(47, 90)
AGES = {1.0: (18, 39), 0.0: (50, 88), 0.5: (18, 90)}
TRIES = 200
"""Draws per record until a person holds together."""
NGRAM = 8
"""Words in a row that tell where a text is from."""


def personas(records: Iterable[object]) -> tuple[tuple[StaticProfile, ...], tuple[Rejected, ...]]:
    """The people of the records, and which records gave none and why."""
    accepted: list[StaticProfile] = []
    rejected: list[Rejected] = []
    for at, record in enumerate(records):
        try:
            accepted.append(_person(record, accepted))
        except ValueError as error:
            rejected.append(Rejected(f"record {at}", str(error)))
    return tuple(accepted), tuple(rejected)


def poles(mean: list[float]) -> list[float]:
    """1, 0 or .5 for each dimension. Raises ValueError if nothing is preferred."""
    read_as = [1.0 if value >= POSITIVE else 0.0 if value <= NEGATIVE else 0.5 for value in mean]
    if set(read_as) != {0.5}:
        return read_as
    high, low = max(mean), min(mean)
    if high == low:
        raise ValueError("no dimension is preferred")
    extreme, pole = (high, 1.0) if 1 - high < low else (low, 0.0)
    return [pole if value == extreme else 0.5 for value in mean]


def direction(record: object) -> list[float]:
    """The mean of the four pairs' directions. Raises ValueError."""
    if not isinstance(record, Mapping):
        raise ValueError(f"the record is a {type(record).__name__} and no object")
    pairs = record.get("Pair-wise Comparative Feedback")
    if not isinstance(pairs, list) or len(pairs) != PAIRS:
        raise ValueError(f"'Pair-wise Comparative Feedback' has to be a list of {PAIRS}")
    vectors = [pair.get("Preference Direction") if isinstance(pair, Mapping) else None for pair in pairs]
    for at, vector in enumerate(vectors):
        if not isinstance(vector, list) or len(vector) != DIMENSIONS:
            raise ValueError(f"pair {at}: 'Preference Direction' has to have {DIMENSIONS} values")
        wrong = [value for value in vector if isinstance(value, bool) or value not in (0, 0.5, 1)]
        if wrong:
            raise ValueError(f"pair {at}: {wrong[0]!r} is not 0, 0.5 or 1")
    return [sum(column) / PAIRS for column in zip(*vectors, strict=True)]


def _person(record: object, others: list[StaticProfile]) -> StaticProfile:
    mean = direction(record)
    read_as = poles(mean)
    digest = hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    if any(other.provenance.record_hash == digest for other in others):
        raise ValueError("the same record came before")
    rng = random.Random(f"alignx {digest}")
    given = Given(
        big5={trait: round(0.1 + 0.8 * mean[index], 2) for trait, index in BIG_FIVE.items()},
        gender={1.0: "female", 0.0: "male"}.get(read_as[1]),
        ages=AGES[read_as[0]],
    )
    reason = ""
    for _ in range(TRIES):
        person = _with_poles(draw(rng, f"ax-{digest}", given), mean, read_as, digest)
        reason = objection(person, others)
        if not reason:
            break
    if reason:
        raise ValueError(f"no coherent person in {TRIES} draws; the last: {reason}")
    if shares_words(text_of(person), record):
        raise ValueError(f"the profile shares {NGRAM} words in a row with the record's texts")
    return person


def _with_poles(data: dict[str, Any], mean: list[float], read_as: list[float], digest: str) -> StaticProfile:
    """A draw with what the record says of it."""
    names = read("alignx_dims.json")

    def strongest(indices: range, most: int) -> list[str]:
        chosen = sorted((index for index in indices if read_as[index] == 1.0), key=lambda index: (-mean[index], index))
        return [
            names[index][0].removeprefix("needs ").removeprefix("likes ").removeprefix("concerned about ")
            for index in chosen[:most]
        ]

    data["needs"], data["values"], data["interests"] = strongest(NEEDS, 5), strongest(VALUES, 5), strongest(INTERESTS, 6)
    data["economic"] |= _toward({"risk_aversion": 1 - read_as[INVESTING], "saving_habit": read_as[SAVING]})
    if read_as[CONFLICT] != 0.5:
        data["expression"]["directness"] = 5 if read_as[CONFLICT] else 2
        data["negotiation"]["style"] = data["negotiation"]["style"] if read_as[CONFLICT] else "avoiding"
    if read_as[STYLE] != 0.5:
        data["expression"]["verbosity_units"] = 10 if read_as[STYLE] else 30
        data["expression"]["speech_rate"] = max(data["expression"]["speech_rate"], 2)
    used = [names[index][0 if pole else 1] for index, pole in enumerate(read_as) if pole != 0.5]
    data["provenance"] = {
        "source": "an AlignX-shaped record",
        "record_hash": digest,
        "dims_used": used,
        "generator": __name__,
        "licence": "as the record's source",
    }
    try:
        return StaticProfile.load(data)
    except ValidationError as error:
        raise ValueError(f"schema: {error.errors()[0]['loc']} {error.errors()[0]['msg']}") from error


def _toward(values: dict[str, float]) -> dict[str, float]:
    return {name: 0.8 if value else 0.2 for name, value in values.items() if value != 0.5}


def shares_words(text: str, record: object) -> bool:
    """Whether a text has eight words in a row with any text of a record."""
    own = {gram for gram in grams(text, NGRAM) if len(gram) == NGRAM}
    return any(not own.isdisjoint(grams(source, NGRAM)) for source in _texts(record))


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
