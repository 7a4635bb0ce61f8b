"""The curves of a run: rows of metrics.jsonl as panels of series, ready to be drawn.

Pure. Invariants
- Every number that was logged is in exactly one panel: one that no `SUBJECTS` entry asks for has a panel of its own.
- The series of a panel share a unit. A metric may carry the name of a gym (`reward/score/<gym>`): it joins its
  subject's panel, and its label says which gym.
- A series longer than `MOST_POINTS` is thinned to the lowest and the highest of each stretch, so that spikes stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

MOST_POINTS = 1000
DIGITS = 6
"""Significant digits of a number in the page."""
NAMED = "reward/<name>"
"""Stands for the rewards that a run has names for."""


@dataclass(frozen=True, slots=True)
class Series:
    """Points with rising `x`, in iterations; `low` and `high` are the ends of intervals, where there are any."""

    label: str
    x: list[float]
    y: list[float]
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that belong on one pair of axes. With `names` the whole numbers of x stand for these, and no line joins them."""

    title: str
    unit: str
    series: list[Series]
    log: bool = False
    x: str = "iteration"
    """What x counts."""
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Subject:
    """A panel that people look for; a name that ends in a slash stands for all that begin so."""

    title: str
    unit: str
    names: tuple[str, ...]
    log: bool = False

    def covers(self, name: str) -> bool:
        return any(name.startswith(own) if own.endswith("/") else name == own for own in self.names)


SUBJECTS = (
    Subject("Score and success", "share", ("reward/score", "reward/success")),
    Subject("Rewards by name", "per episode", (NAMED,)),
    Subject("Return", "per episode", ("reward/return_mean", "reward/return_std")),
    Subject("Turns", "per episode", ("rollout/turns",)),
    Subject("Sampled tokens", "per episode", ("rollout/tokens", "rollout/length_p95")),
    Subject("Entropy", "nats per token", ("learner/entropy",)),
    Subject("KL of a step's update", "nats per token", ("learner/update_kl",), log=True),
    Subject("KL to the start policy", "nats per token", ("learner/kl_to_start", "learner/kl_to_start_k1")),
    Subject("Mismatch of rollout engine and learner", "nats", ("learner/mismatch_kl", "learner/mismatch_max"), log=True),
    Subject("Gradient norm", "", ("learner/grad_norm",)),
    Subject("Staleness", "versions", ("rollout/staleness_mean", "rollout/staleness_max")),
    Subject("Time per stage", "s", ("time/",)),
    Subject("Idle", "share of time", ("idle/",)),
    Subject("Throughput", "tokens per s", ("rollout/tokens_per_s",)),
    Subject(
        "Episodes and groups that teach nothing",
        "share",
        ("rollout/zero_weight_groups", "reward/zero_weight_rollouts", "rollout/masked_share", "rollout/truncated"),
    ),
    Subject("Latency of judges", "ms", ("judge/latency_p50_ms", "judge/latency_p95_ms")),
    Subject("Failed and repeated verdicts", "share", ("judge/error_share", "judge/retried_share")),
)
ELSEWHERE = ("iteration", "wall_s")
"""Columns that are no curves; alarms are marks on the others."""


@dataclass(frozen=True, slots=True)
class Curves:
    """All panels of a run."""

    main: list[Panel]
    rest: list[Panel]
    missing: list[str]
    """Titles of the subjects that the run has no number of."""


def curves(rows: Sequence[Mapping[str, Any]], gyms: Iterable[str], rewards: Iterable[str]) -> Curves:
    """The panels of `rows`; `gyms` and `rewards` are the names that metrics may carry."""
    known, named = set(gyms), {f"reward/{name}" for name in rewards}
    names = [name for name in dict.fromkeys(key for row in rows for key in row) if _is_curve(name)]
    subject = {name: _subject(_plain(name, known)[0], named) for name in names}
    lines = {name: _line(rows, name, known) for name in names}
    lines = {name: line for name, line in lines.items() if line.y}
    grouped = [(s, [line for name, line in lines.items() if subject[name] is s]) for s in SUBJECTS]
    return Curves(
        [Panel(s.title, s.unit, series, s.log and _positive(series)) for s, series in grouped if series],
        [Panel(name, "", [line]) for name, line in sorted(lines.items()) if subject[name] is None],
        [s.title for s, series in grouped if not series],
    )


def thinned(x: Sequence[float], y: Sequence[float], most: int = MOST_POINTS) -> tuple[list[float], list[float]]:
    """At most `most` of the points: the lowest and the highest of every stretch."""
    kept = list(range(len(x)))
    if len(x) > most:
        stretches = most // 2
        limits = [stretch * len(x) // stretches for stretch in range(stretches + 1)]
        parts = [range(low, high) for low, high in pairwise(limits)]
        kept = sorted({end(part, key=y.__getitem__) for part in parts for end in (min, max)})
    return [x[place] for place in kept], [float(f"{y[place]:.{DIGITS}g}") for place in kept]


def _is_curve(name: str) -> bool:
    return name not in ELSEWHERE and not name.startswith("alarms/")


def _line(rows: Sequence[Mapping[str, Any]], name: str, gyms: set[str]) -> Series:
    plain, gym = _plain(name, gyms)
    points = {row["iteration"]: row[name] for row in rows if row.get(name) is not None}
    x, y = thinned(list(points), list(points.values()))
    short = plain.partition("/")[2] or plain
    return Series(f"{short} · {gym}" if gym else short, x, y)


def _plain(name: str, gyms: set[str]) -> tuple[str, str | None]:
    """The name without its gym, and the gym."""
    parts = name.split("/")
    gym = next((part for part in parts[1:] if part in gyms or re.fullmatch(r"[A-Z]\w*Gym", part)), None)
    return "/".join(part for part in parts if part != gym), gym


def _subject(plain: str, rewards: set[str]) -> Subject | None:
    return next((s for s in SUBJECTS if s.covers(plain) or (NAMED in s.names and plain in rewards)), None)


def _positive(series: Sequence[Series]) -> bool:
    return all(value > 0 for line in series for value in line.y)
