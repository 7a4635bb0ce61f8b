"""How alike calls are: of one person in the same call again, and of different people in the same call.

A good simulator decides alike when the same person is called again (consistency), and not alike when somebody else is
(diversity); the same of its words. Both are given for each call as its mean over the calls that it is compared with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from statistics import fmean

from envs.usersim.metrics.call import Call
from envs.usersim.state.similarity import grams

WORDS = 2
"""Tokens of the grams that words are compared by: short utterances share few longer ones."""
Likeness = Callable[[Call, Call], float]


def same_decision(one: Call, other: Call) -> float:
    return float(one.decision == other.decision)


def same_words(one: Call, other: Call) -> float:
    """The Jaccard similarity, in [0, 1], of the pairs of words in all that was said."""
    mine, theirs = _words(one.answers), _words(other.answers)
    return len(mine & theirs) / len(mine | theirs) if mine or theirs else 1.0


def among_runs(calls: Sequence[Call], likeness: Likeness) -> list[float | None]:
    """Of each call its likeness to the other runs of its task; None where there is no other."""
    return _means(calls, likeness, lambda call: call.task.id, lambda one, other: one.run != other.run)


def among_people(calls: Sequence[Call], likeness: Likeness) -> list[float | None]:
    """Of each call its likeness to the same run of other people's calls about the same SOP by the same agent."""
    return _means(
        calls,
        likeness,
        lambda call: (call.task.sop.sop_id, call.task.agent, call.run),
        lambda one, other: one.task.persona.persona_id != other.task.persona.persona_id,
    )


def _means(
    calls: Sequence[Call], likeness: Likeness, key: Callable[[Call], Hashable], compares: Callable[[Call, Call], bool]
) -> list[float | None]:
    together: dict[Hashable, list[Call]] = defaultdict(list)
    for call in calls:
        together[key(call)].append(call)
    return [_mean([likeness(call, other) for other in together[key(call)] if compares(call, other)]) for call in calls]


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


@lru_cache(maxsize=16384)
def _words(answers: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(gram for said in answers for gram in grams(said, WORDS))
