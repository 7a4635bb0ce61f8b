"""The fixed words of TelepathyGym: openings, what the gym itself says.

Invariant: an opening belongs to one source and one split, so who reads it knows both; it tells nothing about the thing.
"""

from __future__ import annotations

from envs.base import Split
from envs.telepathy.attributes import Source

RIGHT = "Right."
WRONG = "Wrong."
DONE = "Done."

OPENINGS: dict[Source, dict[Split, tuple[str, ...]]] = {
    "generated": {
        "train": (
            "I think of a thing.",
            "I have a thing in mind.",
            "Guess my thing.",
            "There is a thing. Guess it.",
            "What is my thing?",
            "Ask me about my thing.",
            "Find the thing I have.",
            "My mind is on a thing.",
        ),
        "heldout": ("Guess the thing I think of.", "A thing is in my mind.", "Ask me. What thing have I?", "Find my thing."),
    },
    "handwritten": {
        "train": (
            "I am thinking of something that everybody knows. Can you find out what it is?",
            "There is something on my mind. Ask me about it and tell me what it is.",
            "Let us play: I have chosen a thing, and you guess it.",
            "Try to read my mind. What am I thinking of?",
        ),
        "heldout": (
            "I keep one thing in my head. Discover it with your questions.",
            "Here is a riddle without words: which thing did I choose?",
            "You may question me about what I picked. Name it when you are sure.",
        ),
    },
}

_PLACE = {text: (source, split) for source, splits in OPENINGS.items() for split, texts in splits.items() for text in texts}


def place(opening: str) -> tuple[Source, Split] | None:
    """The source and split an opening belongs to; None for any other text."""
    return _PLACE.get(opening)
