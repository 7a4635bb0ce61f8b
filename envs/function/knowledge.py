"""What a player who knows the grammar can conclude: which rules fit what a probe gave.

Contract: built from the public catalogue alone. A result is off by `rounding` at most.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

from envs.function.catalogue import Rule, Source, rules
from envs.function.rule import VARIABLES, Undefined, evaluate

COARSENESS = 1e-12
"""Of a float, relative to its value."""

Numbers = Sequence[Fraction | int]


def fitting_first(source: Source, result: Fraction, rounding: Fraction) -> list[Rule]:
    """The rules that give this at the first generic point."""
    values, ordered = _by_first(source)
    slack = float(rounding) + COARSENESS * abs(float(result))
    near = ordered[bisect_left(values, float(result) - slack) : bisect_right(values, float(result) + slack)]
    return [rule for rule in near if abs(rule.first - result) <= rounding]


def fitting(possible: Iterable[Rule], numbers: Numbers, result: Fraction, rounding: Fraction) -> list[Rule]:
    """The rules among these that give this result."""
    return [rule for rule in possible if (given := value(rule, numbers)) is not None and abs(given - result) <= rounding]


def value(rule: Rule, numbers: Numbers) -> Fraction | None:
    """What a rule makes of numbers, if anything."""
    try:
        return evaluate(rule.tree, dict(zip(VARIABLES, map(Fraction, numbers), strict=True)))
    except Undefined:
        return None


@lru_cache(maxsize=2)
def _by_first(source: Source) -> tuple[list[float], list[Rule]]:
    ordered = sorted(rules(source), key=lambda rule: rule.first)
    return [float(rule.first) for rule in ordered], ordered
