"""Generated tasks: seeded and unlimited.

Invariants
- The same `(split, count, seed)` gives the same tasks; no task comes twice in a list.
- What is asked for belongs to one split whatever the seed, and is asked for in that split's words: train and heldout share
  neither a request nor the way to write one.
"""

from __future__ import annotations

import random
from functools import lru_cache

from envs.base import Split
from envs.intention.catalogue import CATEGORIES, HELDOUT_REQUEST, REQUESTS, VALUES, inquiries
from envs.intention.task import Detail, Hidden, IntentionTask, Visible, split_of, task_id

MAX_MENTIONED = 3
"""The request states zero to three of the six slots, so three to six are missing."""


@lru_cache(maxsize=8)
def generate(split: Split, count: int, seed: int) -> tuple[IntentionTask, ...]:
    """`count` different tasks of a split."""
    rng = random.Random(f"intention {split} {seed}")
    tasks: dict[str, IntentionTask] = {}
    while len(tasks) < count:
        category, values, mentioned = draw(rng)
        stated = {slot: values[slot] for slot in mentioned}
        request = write_request(rng, category, stated)
        if split_of(request) == split:
            request = request if split == "train" else heldout_request(category, stated)
            task = _task(split, category, request, {slot: values[slot] for slot in values if slot not in mentioned})
            tasks[task.id] = task
    return tuple(tasks.values())


def draw(rng: random.Random) -> tuple[str, dict[str, str], list[str]]:
    """A category, a value for each of its slots, and the slots the request states."""
    category = rng.choice(list(CATEGORIES))
    values = {slot: rng.choice(VALUES[slot]) for slot in CATEGORIES[category]}
    return category, values, rng.sample(list(values), rng.randint(0, MAX_MENTIONED))


def write_request(rng: random.Random, category: str, stated: dict[str, str]) -> str:
    """The request as train has it. Slot and value stand side by side, as in replies."""
    start = rng.choice(REQUESTS).format(category=category)
    listed = " and ".join(f"{slot} {value}" for slot, value in stated.items())
    return f"{start} with {listed}." if listed else f"{start}."


def heldout_request(category: str, stated: dict[str, str]) -> str:
    """The request as heldout has it: another beginning, another order, and pairs that are joined in another way."""
    listed = " and ".join(f"with {slot} {value}" for slot, value in stated.items())
    end = HELDOUT_REQUEST.format(category=category)
    return f"W{listed[1:]} {end}." if listed else f"{end}."


def _task(split: Split, category: str, request: str, missing: dict[str, str]) -> IntentionTask:
    visible = Visible(category=category, request=request)
    hidden = Hidden(details=tuple(_detail(slot, CATEGORIES[category][slot], value) for slot, value in missing.items()))
    key = task_id("generated", visible, hidden)
    return IntentionTask(id=key, gym="IntentionGym", split=split, source="generated", visible=visible, hidden=hidden)


def _detail(slot: str, importance: int, value: str) -> Detail:
    return Detail(slot=slot, description=slot, importance=importance, inquiries=inquiries(slot), value=value)
