"""The small language of FunctionGym, and the only code that reads it.

    rule     sum    := product (("+" | "-") product)*
             product := signed (("*" | "/") signed)*
             signed  := "-" signed | "+" signed | power
             power   := atom ("**" signed)?
             atom    := number | "a" | "b" | "c" | "d" | "(" sum ")"
    probe    four whole numbers from -99 to 99 with blanks or commas between and nothing else; `any`: whatever text in which
             UserRL's pattern for numbers matches four times
    answer   a number: "12", "-0.5", "1e3", or a fraction "7/3"

Invariants: a rule nests at most MOST_NESTED deep and has at most MOST_LETTERS letters; what does not parse raises ValueError in
one sentence, and never anything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import isfinite
from typing import Literal, cast

from envs.function.rule import VARIABLES, Node, Operator, Tree

Numbers = Literal["whole", "any"]

MOST_LETTERS = 400
MOST_NESTED = 40
LARGEST = 99
"""Of a whole number that is probed."""
_TOKEN = re.compile(r"\s*(\*\*|\d{1,20}(?:\.\d{0,20})?|[-+*/()abcd])", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,2}", re.ASCII)
_ANY = re.compile(r"-?\d+\.?\d*", re.ASCII)  # specs/gyms.md 3.5
_ANSWER = re.compile(r"[-+]?\d{1,200}(/\d{1,200}|(\.\d{0,40})?(e[-+]?\d{1,2})?)", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=4096)
def parse_rule(rule: str) -> Tree:
    """The tree of a rule over a, b, c and d. Raises ValueError."""
    if len(rule) > MOST_LETTERS:
        raise ValueError(f"The rule has {len(rule)} letters, but the most is {MOST_LETTERS}.")
    return _Parser(rule).whole()


def parse_probe(text: str, numbers: Numbers) -> tuple[Fraction, ...] | None:
    """The four numbers of a probe; None for anything else."""
    return _whole_numbers(text) if numbers == "whole" else _any_numbers(text)


def parse_answer(text: str, numbers: Numbers) -> Fraction | None:
    """The number of an answer; None for anything else. `any` reads what `float` reads, and "inf" and "nan" are no numbers."""
    if numbers == "whole":
        if not _ANSWER.fullmatch(text) or re.search(r"/0+$", text):
            return None
        return Fraction(text)
    try:
        number = float(text)
    except ValueError:
        return None
    return Fraction(number) if isfinite(number) else None


def _whole_numbers(text: str) -> tuple[Fraction, ...] | None:
    parts = text.replace(",", " ").split()
    if len(parts) != len(VARIABLES) or not all(_WHOLE.fullmatch(part) for part in parts):
        return None
    return tuple(Fraction(int(part)) for part in parts)


def _any_numbers(text: str) -> tuple[Fraction, ...] | None:
    found = [float(number) for number in _ANY.findall(text)]
    if len(found) != len(VARIABLES) or not all(isfinite(number) for number in found):
        return None
    return tuple(Fraction(number) for number in found)


class _Parser:
    """Recursive descent over the tokens of one rule."""

    def __init__(self, rule: str) -> None:
        self._tokens = _tokens(rule)
        self._place = 0
        self._nested = 0

    def whole(self) -> Tree:
        tree = self._sum()
        if self._next is not None:
            raise ValueError(f"The rule does not go on with {self._next!r}.")
        return tree

    @property
    def _next(self) -> str | None:
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def _takes(self, choices: Sequence[str]) -> str | None:
        """The next token if it is one of these."""
        token = self._next
        if token is None or token not in choices:
            return None
        self._place += 1
        return token

    def _sum(self) -> Tree:
        tree = self._product()
        while operator := self._takes("+-"):
            tree = Node(cast(Operator, operator), tree, self._product())
        return tree

    def _product(self) -> Tree:
        tree = self._signed()
        while operator := self._takes("*/"):
            tree = Node(cast(Operator, operator), tree, self._signed())
        return tree

    def _signed(self) -> Tree:
        self._nested += 1
        if self._nested > MOST_NESTED:
            raise ValueError(f"The rule nests more than {MOST_NESTED} deep.")
        sign = self._takes("+-")
        tree = self._power() if sign is None else self._signed()
        self._nested -= 1
        return Node("-", Fraction(0), tree) if sign == "-" else tree

    def _power(self) -> Tree:
        base = self._atom()
        return Node("**", base, self._signed()) if self._takes(["**"]) else base

    def _atom(self) -> Tree:
        token = self._next
        if token is None:
            raise ValueError("The rule ends too early.")
        self._place += 1
        if token in VARIABLES:
            return token
        if token[0].isdigit():
            return Fraction(token)
        if token != "(":
            raise ValueError(f"The rule does not go on with {token!r}.")
        tree = self._sum()
        if not self._takes(")"):
            raise ValueError("The rule lacks a closing parenthesis.")
        return tree


def _tokens(rule: str) -> list[str]:
    rule, tokens, place = rule.rstrip(), [], 0
    while place < len(rule):
        token = _TOKEN.match(rule, place)
        if token is None:
            raise ValueError(
                f"A rule has no {rule[place:].lstrip()[:1]!r}; it has a, b, c, d, numbers, + - * / ** and parentheses."
            )
        tokens.append(token.group(1))
        place = token.end()
    return tokens
