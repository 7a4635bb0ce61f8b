"""What a user did wrong, in one sentence.

A `UserError` carries exactly the text the user is to read: the offending key's dotted path, its value, and the nearest
valid choice. The command line prints it and exits with `EXIT_CODE`; nothing else may turn into one.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

EXIT_CODE = 2


class UserError(Exception):
    """One sentence for the user; never shown with a traceback."""


class RunFailed(RuntimeError):
    """A run that was in order broke off: one sentence that names component and cause. The command line exits with 1."""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that looks most like `word`, ignoring case; None when nothing does."""
    by_lower = {choice.lower(): choice for choice in choices}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None


def suggestion(word: str, choices: Iterable[str], limit: int = 12) -> str:
    """The end of a sentence about a wrong `word`: the nearest choice, or else what there is to choose from."""
    choices = sorted(choices)
    if close := nearest(word, choices):
        return f"did you mean {close}?"
    if not choices:
        return "there is nothing to choose from."
    return f"choose from {', '.join(choices[:limit])}{', …' if len(choices) > limit else ''}."
