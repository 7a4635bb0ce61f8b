"""A rule to infer, and the numbers it is asked for.

Invariants
- `visible` is all the agent may know at first, and tells nothing about the rule. The test case is hidden until it is looked up.
- The rule uses all four variables and has a value at the test case. The id is a digest: it tells neither.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from envs.base import Split, Task
from envs.function.catalogue import Source
from envs.function.grammar import parse_rule
from envs.function.rule import VARIABLES, evaluate, variables

LARGEST = 10**300
"""Of a result that is asked for: it fits a float."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visible(_Frozen):
    opening: str = Field(min_length=1)


class Hidden(_Frozen):
    rule: str
    case: tuple[int, int, int, int]
    """What a, b, c and d are in the test."""

    @property
    def expected(self) -> Fraction:
        """The answer. Raises Undefined."""
        return value(self.rule, tuple(Fraction(number) for number in self.case))

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        missing = sorted(set(VARIABLES) - variables(parse_rule(self.rule)))
        if missing:
            raise ValueError(f"The rule {self.rule!r} does not use {', '.join(missing)}.")
        if abs(self.expected) > LARGEST:
            raise ValueError(f"The rule {self.rule!r} makes too large a number of the test case.")
        return self


class FunctionTask(Task):
    source: Source
    visible: Visible
    hidden: Hidden


def value(rule: str, numbers: tuple[Fraction, ...]) -> Fraction:
    """What a rule makes of four numbers. Raises Undefined."""
    return evaluate(parse_rule(rule), dict(zip(VARIABLES, numbers, strict=True)))


def make_task(rule: str, case: tuple[int, int, int, int], source: Source, split: Split, opening: str) -> FunctionTask:
    """The task to find a rule's value. Raises ValueError for a rule that does not parse or has no value there."""
    key = hashlib.sha256(f"{source} {rule} {case} {opening}".encode()).hexdigest()[:12]
    return FunctionTask(
        id=f"function-{source}-{key}",
        gym="FunctionGym",
        split=split,
        source=source,
        visible=Visible(opening=opening),
        hidden=Hidden(rule=rule, case=case),
    )
