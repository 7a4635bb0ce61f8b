"""The fixed words of TurtleGym: how a story is opened, what the gym itself says.

Invariant: an opening belongs to one source and one split, so who reads it knows both; it tells nothing about the story.
"""

from __future__ import annotations

from typing import Literal

from envs.base import Split

Source = Literal["generated", "handwritten"]
Origin = Source | Literal["userrl"]
"""Where a task comes from; a story of a file of UserRL's is in no catalogue."""

SOLVED = "Solved."
HITS = "{hits} of {count}."
"""How many criteria an explanation meets in full; never which."""
DONE = "Done."

OPENINGS: dict[Source, dict[Split, str]] = {
    "generated": {"train": "Why?", "heldout": "Find out why."},
    "handwritten": {"train": "What is behind this?", "heldout": "Can you discover what really happened here?"},
}
"""What follows the surface."""

_PLACE = {text: (source, split) for source, splits in OPENINGS.items() for split, text in splits.items()}


def place(opening: str) -> tuple[Source, Split] | None:
    """The source and split that the end of an opening belongs to; None for any other text."""
    return next((found for text, found in _PLACE.items() if opening.endswith(f" {text}")), None)
