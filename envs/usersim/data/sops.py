"""The SOPs and what traps may be set in them.

`sops/ID.json` is an SOP by its schema, `hooks/ID.json` says for each trap which of its facts is the lie and which the benign
twin's truth, where that truth can be looked up, and what the agent asks for with it.

Invariants
- A family is in one split; a localised SOP has the family, the fact ids and the worth of every issue of its original.
- A hook's lie is false and has no evidence; its truth is true, has evidence, and is public.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from envs.usersim.data.files import names, read
from envs.usersim.schema.enums import TrapId
from envs.usersim.schema.record import Name, Record, Text
from envs.usersim.schema.sop import Ask, Fact, Fid, Sop

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
HELD_OUT = ("healthcare_appointments", "technical_support")
"""Subscenarios of domains that only the test split has."""


class Hook(Record):
    """How a trap is set in an SOP."""

    false: Fid
    true: Fid
    proof: Text
    """Where the truth is written: a noun phrase."""
    asks: Annotated[tuple[Name, ...], Field(min_length=1)]
    topic: str = ""
    """What the user has asked about: T11 alone."""


class Hooks(Record):
    """All of an SOP."""

    sop_id: Name
    split: Split
    thing: Text
    """What the call is about: a noun phrase."""
    hooks: dict[TrapId, Hook]


@cache
def sop(sop_id: str) -> Sop:
    """The SOP with this id. Raises KeyError."""
    if sop_id not in names("sops"):
        raise KeyError(f"There is no SOP {sop_id!r}; there are: {', '.join(names('sops'))}.")
    return Sop.load(read(f"sops/{sop_id}.json"))


@cache
def hooks(sop_id: str) -> Hooks:
    """The hooks of an SOP."""
    return Hooks.load(read(f"hooks/{sop_id}.json"))


def sops(split: Split | None = None, locale: str | None = "en-US") -> tuple[Sop, ...]:
    """The SOPs of a split (all, if None) in a locale (all, if None), in the order of their ids."""
    every = (sop(each) for each in names("sops") if split in (None, hooks(each).split))
    return tuple(each for each in every if locale in (None, each.locale))


def fact(of: Sop, fid: str) -> Fact:
    """A fact of an SOP. Raises KeyError."""
    found = next((each for each in of.facts if each.fid == fid), None)
    if found is None:
        raise KeyError(f"{of.sop_id} has no fact {fid!r}.")
    return found


def goal(of: Sop) -> Ask:
    """What an honest agent asks for in the end: the last ask of its process. Raises ValueError if there is none."""
    asks = {ask.ask_id: ask for ask in of.asks}
    found = [asks[ask_id] for step in of.process.steps for ask_id in step.ask_ids]
    if not found:
        raise ValueError(f"{of.sop_id} asks for nothing in its process.")
    return found[-1]


def domain(of: Sop) -> str:
    """The domain; of a held-out one the schema says `other` and the subscenario is its name."""
    return of.subscenario if of.domain == "other" else of.domain
