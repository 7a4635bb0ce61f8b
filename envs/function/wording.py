"""The fixed words of FunctionGym: openings, and what the gym itself says.

Invariant: an opening belongs to one source and one split, so who reads it knows both; it tells nothing about the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from envs.base import Split
from envs.function.catalogue import Source

RIGHT = "Right."
WRONG = "Wrong."
DONE = "Done."
GIVES = "{numbers} gives {value}."
CASE = "The test case is {numbers}."
FOUR = {"whole": "Give four whole numbers from -99 to 99.", "any": "Give exactly four numbers."}
REFUSED = "That is the test case; try other numbers."
SEARCH = 'Search for "test".'
ONE_NUMBER = "Answer with one number."

OPENINGS: dict[Source, dict[Split, tuple[str, ...]]] = {
    "square": {
        "train": (
            "I made a rule from a, b, c and d.",
            "My rule joins four numbers.",
            "Four numbers go in, one comes out. How?",
            "Find my rule for four numbers.",
        ),
        "heldout": (
            "There is a rule that turns four numbers into one.",
            "Out of a, b, c and d my rule makes a result.",
            "What do I do with four numbers?",
        ),
    },
    "power": {
        "train": (
            "I made a rule from a, b, c and d, maybe with a power.",
            "My rule joins four numbers; one of them may be an exponent.",
            "Find my rule for four numbers. It may raise to a power.",
        ),
        "heldout": (
            "There is a rule that turns four numbers into one, perhaps by a power.",
            "What do I do with four numbers? An exponent may be among them.",
        ),
    },
}

SEPARATORS: dict[Split, str] = {"train": " ", "heldout": ", "}
"""How the expert writes the numbers of a probe."""

_PLACE = {text: (source, split) for source, splits in OPENINGS.items() for split, texts in splits.items() for text in texts}


def place(opening: str) -> tuple[Source, Split] | None:
    """The source and split an opening belongs to; None for any other text."""
    return _PLACE.get(opening)


def listed(numbers: Sequence[Fraction | int], separator: str = " ") -> str:
    """Numbers as they are said."""
    return separator.join(str(number) for number in numbers)


def in_decimals(number: Fraction) -> str:
    """A number in at most four decimals."""
    whole, rest = divmod(round(abs(number) * 10**4), 10**4)
    decimals = f".{rest:04}".rstrip("0") if rest else ""
    return f"{'-' * (number < 0 and bool(whole or rest))}{whole}{decimals}"
