"""Arithmetic rules as trees: their exact value, their text, their shape. No parsing, no `eval`.

Invariants
- Values are `Fraction`s; only a power with an exponent that is not whole is rounded, to the nearest float.
- What has no value (division by zero, a root of a negative number) or is too large raises `Undefined` with a sentence, before
  anything large is computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

VARIABLES = ("a", "b", "c", "d")
MOST_BITS = 4096
"""Of numerator and denominator together; 99 ** 99 has 657."""

Operator = Literal["+", "-", "*", "/", "**"]
_BINDS: dict[Operator, int] = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 3}


class Undefined(ValueError):
    """The rule has no value here."""


@dataclass(frozen=True, slots=True)
class Node:
    """An operator between two rules."""

    operator: Operator
    left: Tree
    right: Tree


Tree = str | Fraction | Node
"""A variable, a constant, or an operation."""
TWO = Fraction(2)


def evaluate(tree: Tree, values: Mapping[str, Fraction]) -> Fraction:
    """The value of a rule. Raises Undefined."""
    if isinstance(tree, str):
        return values[tree]
    if isinstance(tree, Fraction):
        return tree
    return apply(tree.operator, evaluate(tree.left, values), evaluate(tree.right, values))


def apply(operator: Operator, left: Fraction, right: Fraction) -> Fraction:
    """One operation. Raises Undefined."""
    if operator == "+":
        return _small(left + right)
    if operator == "-":
        return _small(left - right)
    if operator == "*":
        return _small(left * right)
    if operator == "**":
        return _power(left, right)
    if not right:
        raise Undefined("That divides by zero.")
    return _small(left / right)


def variables(tree: Tree) -> frozenset[str]:
    """The variables a rule uses."""
    if isinstance(tree, Node):
        return variables(tree.left) | variables(tree.right)
    return frozenset([tree]) if isinstance(tree, str) else frozenset()


def text(tree: Tree) -> str:
    """The rule with as few parentheses as it takes; `grammar.parse_rule` reads the same function back."""
    if not isinstance(tree, Node):
        return str(tree)
    strength = _BINDS[tree.operator]
    left = _inside(tree.left, strength + (tree.operator == "**"))
    right = _inside(tree.right, strength + (tree.operator not in "+*"))
    return f"{left} {tree.operator} {right}"


def shape(tree: Tree) -> str:
    """The template of a rule: which sums, products and powers stand in which, without names, signs and order.

    Chains of one kind are one sum or product, so the ways to write a rule have one shape.
    """
    if not isinstance(tree, Node):
        return "x"
    if tree.operator == "**":
        return f"({shape(tree.left)}^{'2' if tree.right == TWO else shape(tree.right)})"
    kind = "+-" if tree.operator in "+-" else "*/"
    return f"({kind[0].join(sorted(shape(part) for part in _chain(tree, kind)))})"


def _chain(tree: Tree, kind: str) -> list[Tree]:
    if not isinstance(tree, Node) or tree.operator not in kind:
        return [tree]
    return _chain(tree.left, kind) + _chain(tree.right, kind)


def _inside(tree: Tree, strength: int) -> str:
    bare = not isinstance(tree, Node) or _BINDS[tree.operator] >= strength
    return text(tree) if bare else f"({text(tree)})"


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if not base and exponent < 0:
        raise Undefined("That divides by zero.")
    if exponent.denominator == 1:
        if _bits(base) * abs(exponent.numerator) > MOST_BITS:
            raise Undefined("The result is too large.")
        return Fraction(base**exponent.numerator)
    if base < 0:
        raise Undefined("That takes a root of a negative number.")
    try:
        return _small(Fraction(float(base) ** float(exponent)))
    except OverflowError:
        raise Undefined("The result is too large.") from None


def _small(value: Fraction) -> Fraction:
    if _bits(value) > MOST_BITS:
        raise Undefined("The result is too large.")
    return value


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()
