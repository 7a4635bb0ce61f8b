"""What a legal turn of a simulated user says: its thoughts, what it changes, and the words the agent hears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from envs.usersim.schema.delta import Delta
from envs.usersim.schema.enums import Act, Move, TrapId
from envs.usersim.trace.errors import Error, Level

Profile = Literal["full", "short", "r1compat", "rewrite"]
"""The surface forms of a turn; `envs.usersim.trace.grammar` has the first, the others have modules of their names."""


class Thoughts(NamedTuple):
    """The texts of the five children, stripped. `short` has none; `r1compat` has one free text, as `plan`."""

    intent: str = ""
    concerns: str = ""
    plan: str = ""
    update: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """A legal turn."""

    intent_act: Act
    trap_ids: tuple[TrapId, ...]
    touched: tuple[str, ...]
    """Ids of the concerns that the agent's turn touched."""
    new_count: int
    """How many concerns are new; always `len(delta.new_concerns)`."""
    move: Move
    thoughts: Thoughts
    delta: Delta
    answer: str
    """What the agent hears, stripped."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """`trace` is None exactly if the level is `HARD` or `FATAL`. Only `parse` makes one, and only it feeds rewards."""

    trace: Trace | None
    errors: tuple[Error, ...]
    level: Level
