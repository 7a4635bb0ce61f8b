"""The task lists of SearchGym: every question of two or three hops that has one way to one answer, in an order a seed decides.

Invariants (tested)
- A chain of relations belongs to one split for ever: one in three is held out, decided by its name, and every chain through a
  hospital or a court. With the lands of `world.py` and the wordings of `relations.py` nothing of a question is in both splits.
- The way to an answer meets no thing twice, and the first article does not name the answer.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from functools import lru_cache

from envs.base import Split
from envs.search.grammar import Question, write_question
from envs.search.relations import HELD_OUT_KINDS, RELATIONS
from envs.search.task import Hidden, SearchTask, make_task
from envs.search.world import Thing, world

TASK_SEED = 0
HOPS = (2, 3)
HELD_OUT_ONE_IN = 3
MOST: dict[Split, int] = {"train": 2000, "heldout": 400}
"""How many questions of a split are played."""

Chain = tuple[str, ...]


def load(split: Split, *, count: int | None = None, seed: int = TASK_SEED) -> list[SearchTask]:
    """The tasks of a split, at most `count`."""
    rng = random.Random(f"search tasks {split} {seed}")
    questions = sorted(_answers(split))
    rng.shuffle(questions)
    return [_task(split, question, rng) for question in questions[: MOST[split]][:count]]


@lru_cache(maxsize=1)
def chains() -> dict[Chain, Split]:
    """All chains of relations that fit together, with the split that asks them."""
    found: list[Chain] = [(relation,) for relation in RELATIONS]
    for length in range(2, max(HOPS) + 1):
        found += [(*chain, relation) for chain in found if len(chain) == length - 1 for relation in _after(chain)]
    return {chain: _split(chain) for chain in found if len(chain) in HOPS}


def _after(chain: Chain) -> list[str]:
    return [name for name, relation in RELATIONS.items() if relation.source == RELATIONS[chain[-1]].target]


def _split(chain: Chain) -> Split:
    if RELATIONS[chain[0]].source in HELD_OUT_KINDS:
        return "heldout"
    digest = hashlib.sha256(f"search {' '.join(chain)}".encode()).digest()
    return "heldout" if digest[0] % HELD_OUT_ONE_IN == 0 else "train"


@lru_cache(maxsize=2)
def _answers(split: Split) -> dict[Question, tuple[str, ...]]:
    """Every question of a split with the names on its way, the answer last."""
    return dict(_ways(split))


def _ways(split: Split) -> Iterator[tuple[Question, tuple[str, ...]]]:
    things = world().things[split]
    for chain, asked_in in chains().items():
        for thing in things.values():
            if asked_in == split and thing.kind == RELATIONS[chain[0]].source:
                way = _follow(thing, chain, split)
                if len(set(way)) == len(way) and way[-1] not in thing.facts.values():
                    yield Question(thing.name, chain), way


def _follow(thing: Thing, chain: Chain, split: Split) -> tuple[str, ...]:
    way = [thing.name]
    for relation in chain:
        way.append(world().things[split][way[-1]].facts[relation])
    return tuple(way)


def _task(split: Split, question: Question, rng: random.Random) -> SearchTask:
    *path, answer = _answers(split)[question]
    thing = world().things[split].get(answer)
    hidden = Hidden(answer=answer, aliases=thing.aliases if thing else (), chain=question.chain, path=tuple(path))
    return make_task(split, write_question(question, split, rng), hidden)
