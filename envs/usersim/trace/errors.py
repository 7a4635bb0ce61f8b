"""What may be wrong with a user's turn: 28 classes and the level of each. Section 6.4 of the specification.

Invariant: a turn's findings hold each class at most once, with its first detail, so that hostile text cannot multiply them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum


class Level(IntEnum):
    """How bad a turn is. A turn that is `HARD` or worse changes nothing and says nothing to the agent."""

    OK = 0
    SOFT = 1
    HARD = 2
    FATAL = 3


class Code(Enum):
    """The classes; `level` and `meaning` of each."""

    E01 = (Level.FATAL, "control characters or a byte order mark")
    E02 = (Level.FATAL, "a top tag is missing")
    E03 = (Level.FATAL, "a top tag is duplicated or nested")
    E04 = (Level.FATAL, "top tags in a wrong order, or text between them")
    E05 = (Level.FATAL, "text after </answer>")
    E06 = (Level.FATAL, "a child tag is never closed")
    E07 = (Level.HARD, "a reserved tag in the utterance")
    E08 = (Level.HARD, "a child is missing, duplicated or out of order")
    E09 = (Level.HARD, "an unknown child")
    E10 = (Level.HARD, "loose text among the children")
    E11 = (Level.HARD, "a child is too short")
    E12 = (Level.HARD, "an attribute is missing or has no legal value")
    E13 = (Level.HARD, "an unknown attribute")
    E14 = (Level.FATAL, "the state is no strict JSON")
    E15 = (Level.HARD, "the state has wrong keys or types")
    E16 = (Level.HARD, "a number is out of range")
    E17 = (Level.HARD, "an unknown concern or claim")
    E18 = (Level.HARD, "a concern may not move so, or not without a reason")
    E19 = (Level.SOFT, "end and end_reason disagree, or the reason does not hold")
    E20 = (Level.SOFT, "a commitment or disclosure is spoken and not declared, or declared and not spoken")
    E21 = (Level.SOFT, "the traps of intent and state differ, or a quote is not the agent's")
    E22 = (Level.FATAL, "the utterance is empty")
    E23 = (Level.HARD, "the utterance is too long")
    E24 = (Level.SOFT, "the utterance talks like an assistant or like the agent")
    E25 = (Level.SOFT, "the utterance speaks internal values")
    E26 = (Level.SOFT, "the utterance is in another language")
    E27 = (Level.SOFT, "stage directions or markup in the utterance")
    E28 = (Level.FATAL, "the generation was cut off")

    @property
    def level(self) -> Level:
        return self.value[0]

    @property
    def meaning(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Error:
    """One finding."""

    code: Code
    detail: str

    def __str__(self) -> str:
        return f"{self.code.name} {self.code.meaning}: {self.detail}"


class Findings:
    """Collects the errors of one turn."""

    def __init__(self) -> None:
        self._errors: dict[Code, Error] = {}

    def add(self, code: Code, detail: str) -> None:
        """The first of a class counts; a detail is cut to 120 characters."""
        if code not in self._errors:
            self._errors[code] = Error(code, detail[:120])

    def has(self, *codes: Code) -> bool:
        """Whether one of these classes was found."""
        return bool(self._errors) and any(code in self._errors for code in codes)

    def errors(self) -> tuple[Error, ...]:
        """In the order of their codes."""
        return tuple(sorted(self._errors.values(), key=lambda error: error.code.name)) if self._errors else ()

    @property
    def level(self) -> Level:
        return worst(self._errors) if self._errors else Level.OK

    @property
    def broken(self) -> bool:
        """Whether the turn is hard or fatal."""
        return bool(self._errors) and worst(self._errors) > Level.SOFT


def worst(codes: Iterable[Code]) -> Level:
    """The level of a turn with these codes."""
    return max((code.level for code in codes), default=Level.OK)
