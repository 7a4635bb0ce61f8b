"""The scripted customer: it works through its agenda, wish by wish.

Contract: reads `View.known` and what was said, nothing else, and keeps no state of its own: the same conversation has the same
next line. It tells what it is asked for, as far as it knows; when the agent says that something is done or cannot be done, it
comes to its next wish; after the last it takes leave with the stop marker.
"""

from __future__ import annotations

import random

from envs.base import Split, Utterance, View
from envs.tau.wording import STOP, THANKS, UNKNOWN, WANTS, YES, told
from envs.text import words

ASKS: dict[str, tuple[str, ...]] = {
    "email": ("email",),
    "mail": ("email",),
    "name": ("name", "old", "new"),
    "zip": ("zip",),
    "customer": ("customer",),
    "birth": ("birth",),
    "born": ("birth",),
    "order": ("order", "item"),
    "number": ("order", "item"),
    "item": ("product",),
    "product": ("product",),
    "option": ("option",),
    "version": ("option",),
    "color": ("option",),
    "reason": ("reason",),
    "why": ("reason",),
    "address": ("address",),
    "street": ("address",),
    "payment": ("payment",),
    "pay": ("payment",),
    "booking": ("booking", "destination"),
    "flight": ("booking", "destination"),
    "reference": ("booking", "destination"),
    "destination": ("destination",),
    "date": ("date",),
    "day": ("date",),
    "bags": ("count",),
    "many": ("count",),
}
"""A word of the agent's question -> what it asks for."""
CONFIRMS = frozenset({"shall", "should", "proceed", "confirm", "correct", "agree"})
"""Words of a question to which the customer says yes."""
LEAVING = ("anything else", "something else", "goodbye")
SETTLED = ("done", "cannot", "not possible", "not allowed", "unable", "has been", "have been", "is now")


def moves_on(text: str) -> bool:
    """Whether the agent is through with a wish: it asks for the next, or says without a question how things stand."""
    said = f" {' '.join(words(text))} "
    if any(f" {leaving} " in said for leaving in LEAVING):
        return True
    return "?" not in text and any(f" {settled} " in said for settled in SETTLED)


def asked(text: str) -> list[str]:
    """What a text asks for."""
    return list(dict.fromkeys(slot for word in words(text) for slot in ASKS.get(word, ())))


class TauUser:
    """See the module."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    async def speak(self, view: View) -> Utterance:
        heard = [message.content for message in view.messages if message.role == "user"]
        rng = random.Random(f"tau user {self._seed} {len(heard)}")
        known, split = view.known, view.known["split"]
        if known["instruction"]:
            raise ValueError("The scripted customer plays our own tasks only; give tau-bench's a language model.")
        requests = known["requests"]
        place = sum(map(moves_on, heard))
        if place >= len(requests):
            return Utterance(f"{rng.choice(THANKS[split])} {STOP}")
        request = requests[place]
        wish = rng.choice(WANTS[known["domain"]][request["kind"]][split])
        if moves_on(heard[-1]):
            return Utterance(wish)
        return Utterance(_told(heard[-1], {**known["identity"], **request["slots"]}, split, rng) or wish)


def _told(question: str, facts: dict[str, str], split: Split, rng: random.Random) -> str:
    """Everything that was asked for and is known, after a yes if one was asked for; nothing if nothing was."""
    slots = asked(question)
    agreed = [rng.choice(YES[split])] if "?" in question and CONFIRMS & set(words(question)) else []
    said = agreed + [told(slot, facts[slot], split, rng) for slot in slots if slot in facts]
    return " ".join(said) or (rng.choice(UNKNOWN[split]) if slots else "")
