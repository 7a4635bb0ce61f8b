"""The fixed words of IntentionGym, of the gym itself and of the scripted user.

Invariant: `ANSWER` ends a feedback exactly when the next turn is the closing turn.
"""

from __future__ import annotations

ANSWER = "Answer."
ONE_QUESTION = "One question."
NOT_YET = "Not yet."
NOTHING_TO_ANSWER = "Ask."
DONE = "Done."

TERSE = "With {slot} {value}."
"""Slot and value side by side, each after a space: as tokens they are then the same in request, question, reply and answer."""
TOLD = "I told you."
NO_MATTER = "No matter."
VAGUE = "Be exact."

RICH_TOLD = "I have already told you that."
RICH_VAGUE = "Please ask me something more exact."
RICH_REPLIES = ("For the {slot}, {value}.", "The {slot}? It is {value}.", "As to the {slot}: {value}.")


def closes(feedback: str) -> bool:
    """Whether a feedback opens the closing turn."""
    return feedback.endswith(ANSWER)
