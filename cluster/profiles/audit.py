"""What the answers say: how often profiles fit, by question and by domain, and whether raters agree.

A rate is the mean over items of the share of raters who said yes. Its interval is Wilson's with the number of items: raters of
one item are not independent. A skipped question counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from cluster.profiles.answers import Answer
from rewards.agreement import Interval, alpha, among, exact

Z = 1.959964
ALL = "all"


@dataclass(frozen=True, slots=True)
class Rate:
    """Of one question, or of one domain, or of both; `all` where it is over all of them."""

    question: str
    domain: str
    items: int
    answers: int
    rate: Interval


@dataclass(frozen=True, slots=True)
class Raters:
    """How far raters agree about a question; `items` counts those with two raters or more."""

    question: str
    raters: int
    items: int
    alpha: float
    exact: float


def rates(answers: Sequence[Answer]) -> list[Rate]:
    """Over everything, per question, per domain, and per question and domain."""
    given = [answer for answer in answers if answer.answer != "skip"]
    groups: dict[tuple[str, str], list[Answer]] = defaultdict(list)
    for answer in given:
        for question in (ALL, answer.question):
            for domain in (ALL, answer.domain):
                groups[question, domain].append(answer)
    order = sorted(groups, key=lambda key: (key[1] != ALL, key[0] != ALL, key[1], key[0]))
    return [_rate(*key, groups[key]) for key in order]


def raters(answers: Sequence[Answer]) -> list[Raters]:
    """Per question."""
    by_question: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.answer != "skip":
            by_question[answer.question].append(answer)
    return [_raters(question, own) for question, own in sorted(by_question.items())]


def wilson(rate: float, count: int) -> Interval:
    """A share of `count` with its 95 % interval (E. B. Wilson, 1927)."""
    scale = 1 + Z**2 / count
    middle = (rate + Z**2 / (2 * count)) / scale
    half = Z * sqrt(rate * (1 - rate) / count + Z**2 / (4 * count**2)) / scale
    return Interval(rate, max(0.0, middle - half), min(1.0, middle + half))


def _rate(question: str, domain: str, answers: Sequence[Answer]) -> Rate:
    shares = [fmean(values) for values in _by_item(answers)]
    return Rate(question, domain, len(shares), len(answers), wilson(fmean(shares), len(shares)))


def _raters(question: str, answers: Sequence[Answer]) -> Raters:
    units = _by_item(answers)
    several = sum(len(unit) > 1 for unit in units)
    return Raters(
        question, len({a.rater for a in answers}), several, alpha(units, "nominal"), exact([among(unit) for unit in units])
    )


def _by_item(answers: Sequence[Answer]) -> list[list[float]]:
    """The answers of each item, yes as 1."""
    found: dict[str, list[float]] = defaultdict(list)
    for answer in answers:
        found[answer.item].append(float(answer.answer == "yes"))
    return list(found.values())
