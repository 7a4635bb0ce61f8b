"""What the benchmark found: numbers of every user, differences and tests of every further user against the first."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cluster.traps.sitting import Sat
from cluster.usersim.versus import Versus, versus
from envs.usersim.metrics import traps
from envs.usersim.metrics.clusters import Estimate
from envs.usersim.schema.enums import TRAPS, Payload, TrapId
from envs.usersim.traps.aggregates import survival

DIFFERENCES = ("bsi", "told_apart", "trr", "bar", "trap_score", "cmr", "ocr")
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
    failed: dict[str, int]
    """User -> items that were not answered; nobody's numbers have them, nor the others of their pairs."""


@dataclass(frozen=True, slots=True)
class UserResult:
    """A user's numbers; `survival` is the share of ladders not breached before the first level and after each."""

    overall: Estimates
    by_trap: dict[TrapId, Estimates]
    ocr_by_payload: dict[Payload, Estimate | None]
    survival: tuple[float, ...]
    errors: dict[str, int]
    """Class of error -> turns that had it, the most frequent first; of words that were read."""
    turns: int
    """So many were read."""


@dataclass(frozen=True, slots=True)
class Result:
    """See the module."""

    bank: Bank
    users: dict[str, UserResult]
    versus: list[Versus]

    def as_json(self) -> dict[str, Any]:
        """For `traps.json`."""
        return {"schema": "trap_result/v1", **asdict(self)}


def result(sat: Mapping[str, Sequence[Sat]], seed: int, resamples: int, failed: dict[str, int]) -> Result:
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
            **_errors(sat[name]),
        )
        for name, own in scores.items()
    }
    compared = versus(overall, lambda one, other: traps.tests(scores[one], scores[other]), DIFFERENCES)
    return Result(_bank(first, seed, resamples, failed), users, compared)


def _errors(sat: Sequence[Sat]) -> dict[str, Any]:
    """The parser's findings, where there was something to read."""
    counts = Counter(code for one in sat for codes in one.errors for code in codes)
    ordered = dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
    return {"errors": ordered, "turns": sum(len(one.errors) for one in sat)}


def _bank(sat: Sequence[Sat], seed: int, resamples: int, failed: dict[str, int]) -> Bank:
    kinds: dict[str, int] = {}
    for one in sat:
        kinds[one.item.kind] = kinds.get(one.item.kind, 0) + 1
    text = json.dumps([one.item.dump() for one in sat], sort_keys=True)
    found = {one.score.cluster for one in sat}
    first = sat[0].item
    return Bank(
        first.split, first.locale, kinds, hashlib.sha256(text.encode()).hexdigest(), len(found), seed, resamples, failed
    )


def trap_label(trap: TrapId) -> str:
    """`T01 false urgency`."""
    return f"{trap} {TRAPS[trap].replace('_', ' ')}"
