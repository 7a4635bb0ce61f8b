"""What the two roles are told: `short` for tiny models, `full` for language models.

Invariants
- The agent's text depends on the rules of play only, never on a task.
- The user's text is complete in itself and holds the one wish it is to reveal, or none: what it does not know it cannot tell.
"""

from __future__ import annotations

from typing import Literal

from envs.travel.choice import AnswerBy
from envs.travel.task import Preference
from envs.travel.wording import NAMES

Prompt = Literal["short", "full"]
Act = Literal["tell", "volunteer", "chat"]
"""What the user is asked for: the wish that was asked about, a wish nobody asked about, small talk."""

SHORT_AGENT = "Plan."

_AGENT = """You plan a trip for a traveller who wants several bookings and has wishes about each of them that are not told at
once.

Each turn is one use of the tool:
- choice "action": one question to the traveller about one thing, such as the seat of the flight. Questions that are too
  general, or about several things, get no wish. The traveller hints at wishes rather than naming them.
- choice "search": one booking to search for, with all that was said about it: where, when, and how long if one stays. A flight
  needs both places. You get the options with their features.
- choice "answer": {answer} Each booking is settled by the first
  answer that is given for it.
- choice "finish": ends the conversation.

For each booking recommend the cheapest of the options that fit all wishes and are where the trip goes. You have {turns} turns
in all, and the conversation ends when every booking is settled. It saves turns to search first, and to ask about what the
options differ in."""

_ANSWERS: dict[AnswerBy, str] = {
    "id": "the id of the option you recommend, such as F3, and no other word.",
    "value": "what the option you recommend is like, each topic followed by its value, such as seat window bag cabin, and no\n"
    "  other word; as much as tells it from the others there. Of those that are alike the cheapest is booked.",
}

_USER = """You are a traveller, and an agent plans your trip. Answer in one or two short sentences.
{act}
Name no other wish, invent none, and do not plan the trip yourself."""
_ACTS: dict[Act, str] = {
    "tell": "You were asked about a wish of yours. Let it be known indirectly, in the manner of the hint.",
    "volunteer": "You bring up a wish of yours by yourself. Let it be known indirectly, in the manner of the hint.",
    "chat": "You were not asked about a wish. Say something friendly that tells no wish.",
}
_WISH = "\nYour wish about the {name}: {text}\nHint: {hint}"


def agent_prompt(prompt: Prompt, answer_by: AnswerBy, *, max_turns: int) -> str:
    """The agent's system prompt."""
    return SHORT_AGENT if prompt == "short" else _AGENT.format(turns=max_turns, answer=_ANSWERS[answer_by])


def user_prompt(prompt: Prompt, act: Act, preference: Preference | None) -> str:
    """The user's system prompt."""
    if prompt == "short":
        return act if preference is None else f"{act} {preference.hint}"
    wish = "" if preference is None else _WISH.format(name=NAMES[preference.aspect], text=preference.text, hint=preference.hint)
    return _USER.format(act=_ACTS[act] + wish)
