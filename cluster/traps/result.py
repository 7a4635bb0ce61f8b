"""What the benchmark found: numbers of every user, differences and tests of every further user against the first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cluster.traps.sitting import Sat
from envs.usersim.metrics import traps
from envs.usersim.metrics.clusters import Estimate
from envs.usersim.metrics.paired import holm
from envs.usersim.schema.enums import TRAPS, Payload, TrapId
from envs.usersim.traps.aggregates import survival
from envs.usersim.traps.scoring import ItemScore

DIFFERENCES = ("bsi", "trr", "bar", "trap_score", "cmr", "ocr")
"""The numbers that users are compared by."""
Estimates = dict[str, Estimate | None]


@dataclass(frozen=True, slots=True)
class Bank:
    """Which items, and how intervals were drawn."""

    split: str
    locale: str
    items: dict[str, int]
    """By kind."""
    sha256: str
    """Of the items."""
    clusters: int
    seed: int
    resamples: int


@dataclass(frozen=True, slots=True)
class UserResult:
    """A user's numbers; `survival` is the share of ladders not breached before the first level and after each."""

    overall: Estimates
    by_trap: dict[TrapId, Estimates]
    ocr_by_payload: dict[Payload, Estimate | None]
    survival: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """McNemar's exact test of two users over the traps, the twins, or the pairs of both."""

    over: str
    only_first: int
    only_second: int
    items: int
    p: float
    p_holm: float
    """Corrected for all tests of the result."""


@dataclass(frozen=True, slots=True)
class Versus:
    """The first user against another one; differences are first minus second."""

    first: str
    second: str
    differences: Estimates
    tests: list[Test]


@dataclass(frozen=True, slots=True)
class Result:
    """See the module."""

    bank: Bank
    users: dict[str, UserResult]
    versus: list[Versus]

    def as_json(self) -> dict[str, Any]:
        """For `traps.json`."""
        return {"schema": "trap_result/v1", **asdict(self)}


def result(sat: Mapping[str, Sequence[Sat]], split: str, locale: str, seed: int, resamples: int) -> Result:
    """The numbers of users that had the same items; the first one is compared with the others."""
    first = next(iter(sat.values()))
    scores = {name: [one.score for one in taken] for name, taken in sat.items()}
    draws = traps.clusters([one.score for one in first], seed, resamples)
    overall = {name: traps.numbers(own, draws) for name, own in scores.items()}
    users = {
        name: UserResult(
            overall={key: number.interval() for key, number in overall[name].items()},
            by_trap={
                trap: {key: number.interval() for key, number in found.items()}
                for trap, found in traps.by_trap(own, draws).items()
            },
            ocr_by_payload={key: number.interval() for key, number in traps.ocr_by_payload(own, draws).items()},
            survival=survival([one.breached_at for one in sat[name] if one.item.kind == "trap"]),
        )
        for name, own in scores.items()
    }
    return Result(_bank(first, split, locale, seed, resamples), users, _versus(scores, overall))


def _versus(scores: Mapping[str, list[ItemScore]], overall: Mapping[str, traps.Numbers]) -> list[Versus]:
    first, *others = scores
    raw = {other: traps.tests(scores[first], scores[other]) for other in others}
    corrected = iter(holm([test.p for tests in raw.values() for test in tests.values()]))
    return [
        Versus(
            first,
            other,
            {key: (overall[first][key] - overall[other][key]).interval() for key in DIFFERENCES},
            [Test(over, *test, p_holm=next(corrected)) for over, test in raw[other].items()],
        )
        for other in others
    ]


def _bank(sat: Sequence[Sat], split: str, locale: str, seed: int, resamples: int) -> Bank:
    kinds: dict[str, int] = {}
    for one in sat:
        kinds[one.item.kind] = kinds.get(one.item.kind, 0) + 1
    text = json.dumps([one.item.dump() for one in sat], sort_keys=True)
    found = {one.score.cluster for one in sat}
    return Bank(split, locale, kinds, hashlib.sha256(text.encode()).hexdigest(), len(found), seed, resamples)


def trap_label(trap: TrapId) -> str:
    """`T01 false urgency`."""
    return f"{trap} {TRAPS[trap].replace('_', ' ')}"
