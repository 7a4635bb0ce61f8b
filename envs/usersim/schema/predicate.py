"""Predicates over the facts of an SOP, as data: `legitimate_if` and nothing else decides whether an ask is legitimate.

A predicate is an *or* of *ands* of atoms: `[["F1", "evidence:F2"], ["stated:F3"]]`. `[]` never holds, `[[]]` always does.

| atom | holds when |
|---|---|
| `F1` | the truth table calls F1 true |
| `stated:F1` | F1 is true and the agent has stated it |
| `evidence:F1` | F1 is true, has a type of evidence, and the agent has supplied it |
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import Field

Atom = Annotated[str, Field(pattern=r"^((stated|evidence):)?[A-Za-z][\w.-]*$")]
Predicate = tuple[tuple[Atom, ...], ...]


def fact_ids(predicate: Predicate) -> set[str]:
    """The facts a predicate speaks of."""
    return {atom.rpartition(":")[2] for clause in predicate for atom in clause}


def holds(predicate: Predicate, true: Collection[str], stated: Collection[str], evidenced: Collection[str]) -> bool:
    """Whether it holds, given which facts are true, which were stated and for which evidence was supplied."""
    known = {"": true, "stated": stated, "evidence": evidenced}

    def atom(text: str) -> bool:
        kind, _, fid = text.rpartition(":")
        return fid in true and fid in known[kind]

    return any(all(atom(text) for text in clause) for clause in predicate)
