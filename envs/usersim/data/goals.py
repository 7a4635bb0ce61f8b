"""Scenarios without an SOP: all that is known is the user's goal, in its own words.

A goal is played like an SOP without a process, asks, issues and traps. Its wishes are the primary concerns, what it would like
to hear besides the minor ones; the one thing that the other side can say to each is the fact that settles it. One family, and
only the test split has it.

Invariant: a wish is part of the goal, word for word; an aside is none.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from envs.usersim.data.files import read
from envs.usersim.data.memory import memory
from envs.usersim.schema.dynamic_profile import MemoryItem
from envs.usersim.schema.record import Name, Record, Text
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile

FAMILY = "goal_only"


class Wish(Record):
    """What a person wants, and what the other side has to say to it."""

    text: Text
    reply: Text


class Goal(Record):
    """A scenario of the family."""

    scenario_id: Name
    goal: Text
    partner: Text
    """Who is on the other end."""
    organisation: Text
    opening: Text
    wishes: Annotated[tuple[Wish, ...], Field(min_length=2, max_length=4)]
    asides: Annotated[tuple[Wish, ...], Field(min_length=2, max_length=6)]
    """What would be nice to hear, too."""

    @model_validator(mode="after")
    def _its_own_words(self) -> Self:
        other = next((wish.text for wish in self.wishes if wish.text not in self.goal), None)
        if other is not None:
            raise ValueError(f"the wish {other!r} is no part of the goal")
        return self


@cache
def goals() -> tuple[Goal, ...]:
    """All of them."""
    return tuple(Goal.load(entry) for entry in read("goals.json"))


def remembered(person: StaticProfile, goal: Goal) -> tuple[MemoryItem, ...]:
    """What a person remembers when the phone rings, the goal itself before anything else: it is told nowhere else in full."""
    own = memory(person, bare_sop(goal))
    first = MemoryItem(mid="s0", text=goal.goal, about="goal", valence=0, source="generated")
    return (first, *own)


def bare_sop(goal: Goal) -> Sop:
    """The SOP that a goal amounts to."""
    replies = {f"reply{number}": wish for number, wish in enumerate((*goal.wishes, *goal.asides), start=1)}
    said = {"truth": "true", "visibility": "public", "evidence": "none"}
    tiers = [("primary", 5)] * len(goal.wishes) + [("minor", 2)] * len(goal.asides)
    concerns = [
        {
            "tier": tier,
            "importance": weight,
            "about": "goal",
            "text": wish.text,
            "resolution_test": wish.text,
            "resolved_by": [fid],
        }
        for (fid, wish), (tier, weight) in zip(replies.items(), tiers, strict=True)
    ]
    return Sop.load(
        {
            "schema": "sop/v1",
            "sop_id": goal.scenario_id,
            "family": FAMILY,
            "domain": "other",
            "subscenario": FAMILY,
            "locale": "en-US",
            "initiator": "agent",
            "channel": "voice",
            "agent": {
                "role": goal.partner,
                "organisation": goal.organisation,
                "objective": "find out what the person wants, and settle it",
            },
            "process": {
                "opening": goal.opening,
                "steps": [{"sid": "talk", "intent": "ask_info", "text": "What is it that you want?"}],
                "closing": "Goodbye then.",
            },
            "facts": [
                {"fid": "goal", "text": goal.goal, "truth": "unknown", "visibility": "user_only", "evidence": "none"},
                *({"fid": fid, "text": wish.reply, **said} for fid, wish in replies.items()),
            ],
            "offer": {"no_negotiation": True},
            "asks": [],
            "user_stakes": {
                "concerns": concerns,
                "batna": {"text": "leave things as they are", "utility": 0.5},
            },
            "ends": {
                "success": [{"predicate": "goal_met", "text": "every wish is settled"}],
                "failure": [{"predicate": "refused", "text": "the goal cannot be reached"}],
                "deferral": [{"predicate": "deferred", "text": "the call is put off"}],
            },
            "provenance": {"source": "written for Parley", "licence": "Apache-2.0"},
        }
    )
