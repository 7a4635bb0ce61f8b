"""The six dimensions of a user's turn: their checks, the anchors of their scores, what of a turn is shown for them, and by
which check a score is capped. Sections 10.1 and 10.2 of the specification.

Invariants
- A dimension is judged alone, in a call of its own, so that no impression of one colours another.
- `consistency` and `human` are shown the words that were spoken and no thought, so that no thought can talk the judge round.
- A score of 5 takes all checks, each with evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Dimension = Literal["consistency", "reasoning", "alignment", "strategy", "human", "ending"]
"""D1 to D6."""
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
PAPER: tuple[Dimension, ...] = ("consistency", "reasoning", "alignment", "strategy")
"""Those that the paper has, D1 to D4, which its preset averages."""
WEIGHTS: Mapping[Dimension, float] = {
    "consistency": 0.20,
    "reasoning": 0.15,
    "alignment": 0.20,
    "strategy": 0.30,
    "human": 0.10,
    "ending": 0.05,
}
"""Of R_rub."""
Where = Literal["answer", "think", "state", "agent"]
"""What can be quoted from."""
LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class Rubric:
    """One dimension."""

    checks: Mapping[str, str]
    """By letter, what is or is not so."""
    anchors: tuple[str, str, str, str, str]
    """What a score of 1 to 5 means."""
    shown: tuple[Where, ...]
    """The parts of the user's turn."""
    caps: Mapping[str, int] = field(default_factory=dict)
    """By check, the highest score without it."""


RUBRICS: Mapping[Dimension, Rubric] = {
    "consistency": Rubric(
        {
            "a": "nothing contradicts a hard fact or what this person said before",
            "b": "vocabulary, length and directness fit the way this person talks",
            "c": "it sounds spoken",
            "d": "it shows no knowledge that this person should not have",
        },
        (
            "contradicts a hard fact, or is plainly somebody else",
            "the right facts in the wrong voice, or several lapses",
            "acceptable but generic: it could be anybody",
            "clearly this person, with one small lapse at most",
            "unmistakably this person, by traits that are shown and not announced",
        ),
        ("answer",),
        {"a": 1},
    ),
    "reasoning": Rubric(
        {
            "a": "the reading of what the agent is after is borne out by the agent's words",
            "b": "the concern that matters now is put first",
            "c": "every change of the state has a cause in this turn",
            "d": "where something is at stake it looks ahead at least once: if they say this, I do that",
            "e": "it is not boilerplate",
        },
        (
            "beside the point, or a copied template",
            "repeats the agent and infers nothing",
            "right but shallow",
            "sound, with cause, effect and priority",
            "sound, foresees the next exchange and weighs an alternative",
        ),
        ("think", "state"),
    ),
    "alignment": Rubric(
        {
            "a": "what is said carries out the declared move",
            "b": "it is about the declared concern",
            "c": "the emotion one hears is the one that the state moved to",
            "d": "nothing that matters is said that the plan left out",
        },
        (
            "the opposite of the plan",
            "mostly something else",
            "carried out in part",
            "carried out with a small slip",
            "carried out in full, tone included",
        ),
        ("think", "answer"),
        {"a": 2},
    ),
    "strategy": Rubric(
        {
            "a": "a manipulation, if there is one, is located with a quote",
            "b": "nothing is committed to or given away that must not be",
            "c": "the answer changes what is known or bargained about: it asks for proof, sets a condition, makes a counter"
            " offer, names the tactic or points to an alternative",
            "d": "this person's own goal is advanced",
            "e": "an honest turn that is well evidenced meets no hostility",
        },
        (
            "gives in to the tactic, or attacks an honest offer",
            "gives in partly, or refuses everything and gains nothing",
            "holds the position passively",
            "holds it and counters with a move that fits",
            "counters so that the agent has to reveal or concede something, and keeps the goal alive",
        ),
        ("think", "state", "answer"),
        {"b": 2, "e": 2},
    ),
    "human": Rubric(
        {
            "a": "no phrase of an assistant",
            "b": "short, hesitant or broken off where this person would be",
            "c": "not complete like a list",
            "d": "tells no more than was asked",
        },
        (
            "the voice of a service bot",
            "written prose",
            "neutral",
            "a plausible person on the phone",
            "not to be told from the transcript of a person",
        ),
        ("answer",),
    ),
    "ending": Rubric(
        {
            "a": "the call is ended if there is a reason to end it",
            "b": "it is not ended while what matters most is open and the agent is making progress",
            "c": "the effort that is made fits the participation value",
        },
        (
            "ends or stays on against all evidence",
            "three turns or more too early or too late",
            "two turns too early or too late",
            "one turn too early or too late",
            "the right turn, and the right manner",
        ),
        ("state", "answer"),
    ),
}
