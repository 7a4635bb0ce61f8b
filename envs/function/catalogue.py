"""All rules of the public grammar: every way to join a, b, c and d, each once, with + - * /, and with one square (`square`) or
one variable as an exponent (`power`).

Invariants
- A function stands here once, whatever ways there are to write it: rules that agree on three generic points are one.
- A shape belongs to one split, by hash, so a rule and its template are either trained on or held out. The order is fixed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import Literal

from envs.base import Split
from envs.function.rule import TWO, VARIABLES, Node, Operator, Tree, Undefined, apply, shape

Source = Literal["square", "power"]
SOURCES: tuple[Source, ...] = ("square", "power")

HELDOUT_SHAPES = 0.25
GENERIC: dict[Source, tuple[tuple[int, ...], ...]] = {
    "square": ((11, 29, 47, 83), (17, 59, 31, 97), (71, 13, 89, 37)),
    "power": ((11, 5, 7, 3), (4, 13, 3, 11), (5, 3, 12, 7)),
}
"""Points at which different functions hardly ever have the same value; no test case lies there."""

Values = tuple[Fraction, ...]
"""Of a rule, at each generic point."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One function; `first` is its value at the first generic point."""

    tree: Tree
    first: Fraction
    split: Split


@lru_cache(maxsize=2)
def rules(source: Source) -> tuple[Rule, ...]:
    """Every rule of a source that uses its square or power or none, each function once."""
    found: dict[Values, Tree] = {}
    for _, tree, values in _joined(frozenset(VARIABLES), source):
        found.setdefault(values, tree)
    return tuple(Rule(tree, values[0], split_of(tree)) for values, tree in found.items())


def split_of(tree: Tree) -> Split:
    """The split of a rule's shape."""
    draw = int(hashlib.sha256(shape(tree).encode()).hexdigest()[:8], 16) / 16**8
    return "heldout" if draw < HELDOUT_SHAPES else "train"


@lru_cache(maxsize=64)
def _joined(names: frozenset[str], source: Source) -> tuple[tuple[bool, Tree, Values], ...]:
    """The rules that use each of these variables once, with whether the square or power is spent."""
    if len(names) == 1:
        (name,) = names
        values = tuple(Fraction(point[VARIABLES.index(name)]) for point in GENERIC[source])
        plain: list[tuple[bool, Tree, Values]] = [(False, name, values)]
    else:
        plain = [made for parts in _halves(names) for made in _joins(*parts, source)]
    squares = [made for spent, tree, values in plain if not spent and source == "square" for made in _square(tree, values)]
    return (*plain, *squares)


def _halves(names: frozenset[str]) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Every way to part the variables in two, once."""
    first, *rest = sorted(names)
    for count in range(len(rest)):
        for more in combinations(rest, count):
            left = frozenset([first, *more])
            yield left, names - left


def _joins(left: frozenset[str], right: frozenset[str], source: Source) -> Iterator[tuple[bool, Tree, Values]]:
    for spent, tree, values in _joined(left, source):
        for spent_too, other, others in _joined(right, source):
            if spent and spent_too:
                continue
            pairs = ((tree, values, other, others), (other, others, tree, values))
            made = [_apply(operator, *pairs[0]) for operator in ("+", "*")]
            made += [_apply(operator, *pair) for operator in ("-", "/") for pair in pairs]
            yield from ((spent or spent_too, *each) for each in made if each)
            if source == "power" and not (spent or spent_too):
                powers = [_apply("**", *pair) for pair in pairs if isinstance(pair[2], str)]
                yield from ((True, *each) for each in powers if each)


def _square(tree: Tree, values: Values) -> Iterator[tuple[bool, Tree, Values]]:
    yield True, Node("**", tree, TWO), tuple(value * value for value in values)


def _apply(operator: Operator, tree: Tree, values: Values, other: Tree, others: Values) -> tuple[Tree, Values] | None:
    try:
        return Node(operator, tree, other), tuple(map(apply, (operator,) * len(values), values, others))
    except Undefined:
        return None
