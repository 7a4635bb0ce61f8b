"""The kinds of reason in PersuadeGym, and in which words they are given and asked for: general knowledge, not a task.

Invariants (tested): no word belongs to two topics; arguments and hints are worded differently in the two splits.
"""

from __future__ import annotations

from dataclasses import dataclass

from envs.base import Split


@dataclass(frozen=True, slots=True)
class Topic:
    """`noun` stands in hint and argument alike, `verb` is what a bad idea does to it."""

    noun: str
    verb: str
    words: frozenset[str]


_TABLE = {
    "cost": ("money", "waste", "cost costs price expensive budget tax taxes"),
    "safety": ("safety", "risk", "safe unsafe danger dangerous accidents accident injuries"),
    "health": ("health", "harm", "healthy illness ill sick stress bodies"),
    "evidence": ("evidence", "lack", "proof studies data research"),
    "fairness": ("fairness", "hurt", "fair unfair unequal inequality poor poorest"),
    "freedom": ("freedom", "limit", "liberty rights forced choice"),
    "nature": ("nature", "harm", "climate forests pollution wildlife soil"),
    "time": ("time", "waste", "hours delay delays slow slows"),
    "work": ("jobs", "kill", "job skills employment wages"),
    "privacy": ("privacy", "end", "private secrets spying watched"),
}
TOPICS = {name: Topic(noun, verb, frozenset([noun, *more.split()])) for name, (noun, verb, more) in _TABLE.items()}

ARGUMENTS: dict[Split, str] = {"train": "{subject} {verb} {noun}.", "heldout": "{subject} are bad for {noun}."}
HINTS: dict[Split, tuple[str, ...]] = {
    "train": (
        *("What of {noun}?", "But what about {noun}?", "Have you thought of {noun}?"),
        *("What becomes of {noun}?", "Who thinks of {noun}?", "I ask you: what would it do to {noun}?"),
    ),
    "heldout": ("And {noun}?", "Where is {noun} in this?"),
}
MOVED: dict[Split, str] = {"train": "That is a point.", "heldout": "There is something in that."}
UNMOVED: dict[Split, str] = {"train": "That leaves me cold.", "heldout": "This does not move me."}
WON: dict[Split, str] = {"train": "I was wrong.", "heldout": "I take it all back."}


def argument(subject: str, topic: str, split: Split) -> str:
    """A reason of a topic against a subject."""
    known = TOPICS[topic]
    return ARGUMENTS[split].format(subject=subject, verb=known.verb, noun=known.noun)
