"""All claims: composed ones (a thing and a place) and written ones.

Invariant (tested): a claim belongs to one split for ever, decided by its hash (composed: of thing and place, whatever the
template), and no template of a claim is used in both splits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from envs.base import Split
from envs.persuade.task import Source
from envs.persuade.topics import TOPICS, argument

WRITTEN = Path(__file__).with_name("claims.json")
HELD_OUT_ONE_IN = 4

_THINGS = (
    "robots drones cameras screens guards tests fees flags horses fountains tablets speakers lasers magnets trophies statues "
    "uniforms sirens clocks gates badges mirrors carpets engines"
)
_PLACES = "school hospital library village office prison theater station museum kitchen garden bank church hotel farm court"
_TEMPLATES: dict[Split, tuple[str, ...]] = {
    "train": (
        "Every {place} needs {things}.",
        "There should be {things} in the {place}.",
        "A {place} must have {things}.",
        "It is {things} that the {place} needs.",
        "All should have {things} in the {place}.",
    ),
    "heldout": ("We need {things} in the {place}.",),
}
"""Several in train: who has heard a single one takes another for no claim at all. In words that `subject` passes over."""


@dataclass(frozen=True, slots=True)
class Claim:
    text: str
    essay: str
    reasons: dict[str, str]
    split: Split


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    claim: str
    essay: str
    reasons: dict[str, str] = Field(min_length=4)


@lru_cache(maxsize=2)
def claims(source: Source) -> tuple[Claim, ...]:
    """All claims of a source, of both splits, in a fixed order."""
    if source == "generated":
        return tuple(_composed(things, place) for things, place in product(_THINGS.split(), _PLACES.split()))
    entries = TypeAdapter(list[_Entry]).validate_json(WRITTEN.read_bytes())
    return tuple(Claim(entry.claim, entry.essay, entry.reasons, _split_of(entry.claim)) for entry in entries)


def _composed(things: str, place: str) -> Claim:
    key = f"{things} {place}"
    split = _split_of(key)
    forms = _TEMPLATES[split]
    text = forms[_digest(key)[1] % len(forms)].format(things=things, place=place)
    reasons = {topic: argument(f"{place} {things}", topic, split) for topic in TOPICS}
    return Claim(text, f"I have seen {things} in a {place}, and all were glad.", reasons, split)


def _split_of(key: str) -> Split:
    return "heldout" if _digest(key)[0] % HELD_OUT_ONE_IN == 0 else "train"


def _digest(key: str) -> bytes:
    return hashlib.sha256(f"persuade {key}".encode()).digest()
