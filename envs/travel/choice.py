"""What an answer chooses: an option by its id, or by what the option is like.

    id       a letter of A, C, F, H, R and a number
    value    topics of one aspect, each once and with one of its values: "seat window bag cabin"

Invariants
- A choice by value is of the options where the trip goes, and names as much as tells one from the others: where several that
  differ fit, it is none. Of those that are alike in all but the price it is the cheapest.
- What does not parse is no choice, never an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from envs.travel.catalogue import BY_LETTER, Aspect
from envs.travel.grammar import aspect_described, chosen, described
from envs.travel.task import Block

AnswerBy = Literal["id", "value"]
WAYS: tuple[AnswerBy, ...] = get_args(AnswerBy)
NONE = ""
"""The id of no option: nothing there is like that."""


@dataclass(frozen=True, slots=True)
class Choice:
    """`id`, or `values` by topic."""

    aspect: Aspect
    id: str = NONE
    values: Mapping[str, str] = field(default_factory=dict)

    def among(self, block: Block) -> str | None:
        """The id that is chosen; None if options that differ fit."""
        if self.id:
            return self.id
        fitting = [option for option in (*block.correct, *block.wrong) if self.values.items() <= option.features.items()]
        if any(option.features != fitting[0].features for option in fitting):
            return None
        return min(fitting, key=lambda option: option.price).id if fitting else NONE


def read_choice(text: str, answer_by: AnswerBy) -> Choice | None:
    """The choice in an answer; None for anything else."""
    if answer_by == "id":
        id = chosen(text)
        return None if id is None else Choice(BY_LETTER[id[0]], id)
    values = described(text)
    return None if values is None else Choice(aspect_described(values), values=values)
