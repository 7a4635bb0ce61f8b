"""Scenarios without an SOP: all that is known is the user's goal, in its own words.

A goal is played like an SOP that has no facts, asks, issues or traps: each sentence is a primary concern, to be judged by its
words. One family, and only the test split has it.
"""

from __future__ import annotations

import re

from envs.usersim.data.files import read
from envs.usersim.schema.record import Name, Record, Text
from envs.usersim.schema.sop import Sop

FAMILY = "goal_only"
_SENTENCE = re.compile(r"[^.!?]+[.!?]")


class Goal(Record):
    """A scenario of the family."""

    scenario_id: Name
    goal: Text
    partner: Text
    """Who is on the other end."""
    opening: Text


def goals() -> tuple[Goal, ...]:
    """All of them."""
    return tuple(Goal.load(entry) for entry in read("goals.json"))


def bare_sop(goal: Goal) -> Sop:
    """The SOP that a goal amounts to."""
    said = [sentence.strip() for sentence in _SENTENCE.findall(goal.goal)]
    about_partner, wishes = (said[0], said[1:]) if len(said) > 2 else ("", said)
    concerns = [{"tier": "primary", "text": text, "importance": 5, "about": "goal", "resolution_test": text} for text in wishes]
    return Sop.load(
        {
            "sop_id": goal.scenario_id,
            "family": FAMILY,
            "domain": "other",
            "subscenario": FAMILY,
            "locale": "en-US",
            "initiator": "agent",
            "channel": "voice",
            "agent": {"role": goal.partner, "organisation": "none", "objective": about_partner or "not known"},
            "process": {
                "opening": goal.opening,
                "steps": [{"sid": "talk", "intent": "other", "text": goal.opening}],
                "closing": "Goodbye then.",
            },
            "facts": [
                {"fid": "goal", "text": goal.goal, "truth": "unknown", "visibility": "user_only", "evidence": "none"},
            ],
            "offer": {"no_negotiation": True},
            "asks": [],
            "user_stakes": {"concerns": concerns, "batna": {"text": "leave things as they are", "utility": 0.5}},
            "ends": {
                "success": [{"predicate": "goal_met", "text": "every sentence of the goal is settled"}],
                "failure": [{"predicate": "refused", "text": "the goal cannot be reached"}],
                "deferral": [{"predicate": "deferred", "text": "the call is put off"}],
            },
            "provenance": {"source": "written for Parley", "licence": "Apache-2.0"},
        }
    )
