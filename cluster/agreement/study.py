"""Judges measured against people, dimension by dimension: section 14.3 of the specification.

Invariants
- Judge and human are compared as human and human are: one rating with one rating. So a judge is not favoured over a single
  person by being held against a mean of several.
- A gate whose number does not exist is not passed; the reason says what is missing.
- A judge that nobody labelled beside is `uncalibrated`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isnan
from statistics import fmean
from typing import Any, Literal

from cluster.agreement.covariates import LENGTH, Circumstances, circumstances, slopes_of
from cluster.agreement.labels import Label
from cluster.errors import UserError, suggestion
from rewards.agreement import Interval, against, alpha, among, exact, kappa

ALPHA_HUMAN, KAPPA_JUDGE, SHARE_OF_HUMANS, SLOPE = 0.60, 0.55, 0.8, 0.1
"""The gates: at least, at least, at least, and at most to either side, in points of the scale per unit of log length."""
MOST_VALUES = 100
"""Different scores in a dimension; more are no ordinal scale."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition, and whether it holds; `reason` has the number that decided."""

    name: str
    passed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Humans:
    """How far people agree in a dimension."""

    dimension: str
    items: int
    raters: int
    alpha_nominal: float
    alpha_ordinal: float
    kappa: Interval
    exact: float


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge in a dimension. `items` counts those that a human rated too."""

    dimension: str
    judge: str
    items: int
    kappa: Interval
    exact: float
    slopes: Mapping[str, Interval] = field(default_factory=dict)
    no_slopes: str = ""
    """Why there are none."""
    gates: tuple[Gate, ...] = ()

    @property
    def verdict(self) -> Literal["pass", "fail", "uncalibrated"]:
        if not self.items:
            return "uncalibrated"
        return "pass" if all(gate.passed for gate in self.gates) else "fail"


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that is reported."""

    labels: int
    humans: tuple[Humans, ...]
    judges: tuple[Judge, ...]

    def dump(self) -> dict[str, Any]:
        """As data; an undefined number is NaN."""
        judges = [
            asdict(judge)
            | {
                "verdict": judge.verdict,
                "kappa": judge.kappa._asdict(),
                "slopes": {name: slope._asdict() for name, slope in judge.slopes.items()},
            }
            for judge in self.judges
        ]
        humans = [asdict(humans) | {"kappa": humans.kappa._asdict()} for humans in self.humans]
        return {"schema": "agreement/v1", "labels": self.labels, "humans": humans, "judges": judges}


def study(labels: Sequence[Label], covariates: Sequence[str] = (), *, seed: int = 0) -> Study:
    """All dimensions. `covariates` are the declared ones, beside length. Raises UserError for one that no label has."""
    known = {name for label in labels for name in label.covariates}
    for name in covariates:
        if name not in known:
            raise UserError(f"No label has the covariate {name!r}: {suggestion(name, known)}")
    around = circumstances(labels)
    by_dimension: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_dimension[label.dimension].append(label)
    humans, judges = [], []
    for dimension, own in sorted(by_dimension.items()):
        if len(values := {label.score for label in own}) > MOST_VALUES:
            raise UserError(f"{dimension} has {len(values)} different scores; a scale has at most {MOST_VALUES}.")
        people = [label for label in own if label.kind == "human"]
        humans.append(_humans(dimension, people, seed))
        for name in sorted({label.rater for label in own if label.kind == "judge"}):
            judges.append(_judge(name, own, humans[-1], around, covariates, seed))
    return Study(len(labels), tuple(humans), tuple(judges))


def _humans(dimension: str, labels: Sequence[Label], seed: int) -> Humans:
    units = list(_by_item(labels).values())
    pairs = [among(unit) for unit in units]
    raters = len({label.rater for label in labels})
    ordinal = alpha(units, "ordinal")
    return Humans(dimension, len(units), raters, alpha(units, "nominal"), ordinal, kappa(pairs, seed), exact(pairs))


def _judge(
    name: str, labels: Sequence[Label], humans: Humans, around: Circumstances, covariates: Sequence[str], seed: int
) -> Judge:
    people = _by_item([label for label in labels if label.kind == "human"])
    own = {label.item: label.score for label in labels if label.rater == name}
    shared = sorted(own.keys() & people.keys())
    pairs = [against([own[item]], people[item]) for item in shared]
    agreed = kappa(pairs, seed)
    try:
        errors = {item: own[item] - fmean(people[item]) for item in shared}
        found, missing = slopes_of(errors, around, covariates), ""
    except ValueError as error:
        found, missing = {}, str(error)
    gates = _gates(humans, agreed, found.get(LENGTH), missing)
    return Judge(humans.dimension, name, len(shared), agreed, exact(pairs), found, missing, gates)


def _gates(humans: Humans, agreed: Interval, slope: Interval | None, no_slope: str) -> tuple[Gate, ...]:
    ceiling = SHARE_OF_HUMANS * humans.kappa.value
    nobody = (
        "no two humans rated an item that others rated otherwise" if humans.raters > 1 else "fewer than two humans rated it"
    )
    return (
        _at_least("human alpha", humans.alpha_ordinal, ALPHA_HUMAN, nobody),
        _at_least("judge kappa", agreed.value, KAPPA_JUDGE, "judge and humans share no items with different scores"),
        _at_least("judge kappa of human kappa", agreed.value, ceiling, f"there is no human kappa: {nobody}"),
        Gate("length slope", False, no_slope)
        if slope is None
        else Gate(
            "length slope", abs(slope.value) <= SLOPE, f"|{slope.value:+.3f}| {_sign(abs(slope.value) <= SLOPE)} {SLOPE}"
        ),
    )


def _at_least(name: str, value: float, bound: float, missing: str) -> Gate:
    if isnan(value) or isnan(bound):
        return Gate(name, False, missing)
    return Gate(name, value >= bound, f"{value:.3f} {'>=' if value >= bound else '<'} {bound:.3f}")


def _sign(holds: bool) -> str:
    return "<=" if holds else ">"


def _by_item(labels: Sequence[Label]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for label in labels:
        found[label.item].append(label.score)
    return dict(found)
