"""What a well-read player knows of a request it reads: what is open, how that is asked for, and how a reply states it.

Invariant: it knows the catalogue and the questions of the written lists, never the value of a detail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from envs.intention.catalogue import CATEGORIES, SLOTS, inquiries
from envs.intention.grammar import Fact, facts, told
from envs.intention.loader import WRITTEN, written
from envs.text import words

CATALOGUE: dict[str, tuple[str, ...]] = {slot: inquiries(slot) for slot in SLOTS}


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Of one request."""

    wanted: tuple[str, ...]
    """The slots it leaves open."""
    questions: Mapping[str, tuple[str, ...]]
    """By slot, the model questions; slots that are not wanted are asked for in vain."""
    stated: Callable[[str], list[Fact]]
    """Slots and values in a reply, in order."""


def knowledge(request: str) -> Knowledge:
    """A written request is known by its text, any other by the word of its category; without one every slot is open."""
    own = _questions().get(request)
    if own is not None:
        return Knowledge(tuple(own), CATALOGUE | own, lambda reply: told(reply, own))
    slots = next((CATEGORIES[word] for word in words(request) if word in CATEGORIES), SLOTS)
    mentioned = dict(facts(request))
    return Knowledge(tuple(slot for slot in slots if slot not in mentioned), CATALOGUE, facts)


@lru_cache(maxsize=1)
def _questions() -> dict[str, dict[str, tuple[str, ...]]]:
    """By request of a written list, its slots with their model questions."""
    tasks = (task for name in WRITTEN for split in ("train", "heldout") for task in written(name, split))
    return {task.visible.request: {d.slot: d.inquiries for d in task.hidden.details} for task in tasks}
