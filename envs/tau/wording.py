"""The customers' sentences, and the only code that reads them back.

Invariants (tested)
- No sentence of the one split is used in the other, and what a split's sentence says can be read from it.
- A sentence tells one thing: what the customer wants (`WANTS`) or one value (`TELLS`, `{}` is its place).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import lru_cache

from envs.base import Split

Forms = dict[Split, tuple[str, ...]]


def _forms(train: str, heldout: str) -> Forms:
    return {"train": tuple(train.split(" | ")), "heldout": tuple(heldout.split(" | "))}


STOP = "###STOP###"
"""The last thing a customer says."""

GREETINGS = _forms("Hello. | Hi there.", "Good day. | Excuse me.")
THANKS = _forms("Thank you, that is all. | Great, nothing else.", "Very kind, I am content. | Perfect, then we are finished.")
YES = _forms("Yes, please. | Yes, go ahead.", "By all means. | I agree, do it.")
UNKNOWN = _forms("I do not have that at hand. | I cannot find that now.", "No idea, I am sorry. | That has slipped my mind.")

WANTS: dict[str, dict[str, Forms]] = {
    "retail": {
        "cancel": _forms(
            "I want to cancel an order and know what I get back. | Can you cancel an order and tell me the refund?",
            "Please call off something I ordered and say what comes back. | One purchase is too many: drop it, and my money?",
        ),
        "return": _forms(
            "I want to return something and know what I get back. | Something has to go back to you, what is the refund?",
            "Please take a thing off my hands again and say what it is worth. | I shall not keep one of my things: my money?",
        ),
        "exchange": _forms(
            "I want to exchange something and know the difference. | Can you exchange something, and at what difference?",
            "Please swap a thing for another kind and name the gap. | I picked the wrong kind: swap it, and the gap in price?",
        ),
        "order_address": _forms(
            "An order has to go to another address. | Please send an order somewhere else.",
            "Let the parcel find me at a different door. | My parcel would arrive where I am not.",
        ),
        "user_address": _forms(
            "I have moved, please change my address. | My own address is not right any more.",
            "Kindly note that my home is a new one. | I live elsewhere since last week, put that down.",
        ),
        "payment": _forms(
            "I want to pay for an order in another way. | Please change how an order is paid.",
            "Charge a purchase to something else. | I chose the wrong purse for a purchase.",
        ),
        "total": _forms(
            "I want to know what an order costs in all. | How much is an order in all?",
            "Please add up a purchase for me. | What does the whole of a purchase come to?",
        ),
    },
    "airline": {
        "cancel": _forms(
            "I want to cancel a booking and know what I get back. | Can you cancel a booking and tell me the refund?",
            "Please drop my journey and say how much comes back. | I shall stay at home: what of my fare do I see again?",
        ),
        "move": _forms(
            "I want to fly on another day and know when I leave. | Please move my flight and tell me the new hour.",
            "Let me travel on some different date and name the hour. | The date does not suit me, and when is take-off?",
        ),
        "cabin": _forms(
            "I want to sit in business and know what it costs. | Please change me to business, and what is the price?",
            "Seat us in front and say what it adds. | We would like the wide seats: at what price?",
        ),
        "bags": _forms(
            "I want to take more bags and know what they cost. | Please add bags to a booking, and what is the price?",
            "There is further luggage with me, what is due for it? | My luggage has grown: sign it in and name the sum.",
        ),
        "rename": _forms(
            "A name in a booking is wrong. | Please correct a name in a booking.",
            "Somebody is misspelt on the ticket. | The ticket calls one of us something odd.",
        ),
        "voucher": _forms(
            "My flight was late and I want what I am owed. | What do I get for a late flight?",
            "I sat at the gate for hours: make that good. | You kept me waiting, what is it worth to you?",
        ),
        "departure": _forms(
            "I want to know when a flight leaves. | At what time does a flight leave?",
            "Please tell me the hour of take-off. | When do the wheels leave the ground?",
        ),
    },
}
"""What a customer comes with, by domain and kind of request."""

TELLS: dict[str, Forms] = {
    "email": _forms("My email is {}. | You have my email as {}.", "I sign in as {}. | Mail reaches me at {}."),
    "name": _forms("My name is {}. | I am {}.", "They call me {}. | You are talking to {}."),
    "zip": _forms("My zip code is {}. | The zip is {}.", "Letters to me go to {}. | I get my post in {}."),
    "customer": _forms("My customer number is {}. | I am customer {}.", "You list me as {}. | I fly as {}."),
    "birth": _forms("I was born on {}. | My date of birth is {}.", "My birthday is {}. | I came into the world on {}."),
    "order": _forms("The order is {}. | It is order {}.", "The slip says {}. | You filed it under {}."),
    "item": _forms("It is the order with the {}. | A {} is in that order.", "The {} came with it. | You find the {} in it."),
    "product": _forms("It is about the {}. | I mean the {}.", "The thing is the {}. | I speak of the {}."),
    "option": _forms("I want the {} one. | Please send the {} one.", "Let it be {}. | My choice is {}."),
    "reason": _forms("The reason is: {}. | Because: {}.", "Write down: {}. | Put it like this: {}."),
    "address": _forms("The new address is {}. | It is {} now.", "From today it is {}. | The right place is {}."),
    "payment": _forms("Use my {}. | I will pay by {}.", "Take it from my {}. | It goes on my {}."),
    "booking": _forms("The booking is {}. | It is booking {}.", "The ticket says {}. | Look under {}."),
    "destination": _forms("It is the flight to {}. | I fly to {}.", "I am bound for {}. | It takes me to {}."),
    "date": _forms("The new day is {}. | I want to fly on {}.", "Make it {}. | {} would suit me."),
    "count": _forms("I have {} more bags. | It is {} bags.", "{} pieces. | There are {} of them."),
    "old": _forms("It says {}. | The wrong name is {}.", "There stands {}. | You wrote {}."),
    "new": _forms("It should say {}. | The right name is {}.", "It has to read {}. | Correct would be {}."),
}
"""How a customer tells a value."""

_VALUES = {
    "email": r"\S+@\S+",
    "zip": r"\d{5}",
    "customer": r"\w+_\w+_\d+",
    "birth": r"\d{4}-\d\d-\d\d",
    "date": r"\d{4}-\d\d-\d\d",
    "order": r"R\d+",
    "booking": r"B\d+",
    "count": r"\d",
    "address": r"\d+ [A-Z]\w+ [A-Z]\w+, \w+, \d{5}",
    "name": r"[A-Z]\w+ [A-Z]\w+",
    "old": r"[A-Z]\w+ [A-Z]\w+",
    "new": r"[A-Z]\w+ [A-Z]\w+",
    "destination": r"[A-Z]\w+",
    "option": r"red|blue|green|black|white",
    "payment": r"[a-z]+ [a-z]+",
    "item": r"[a-z]+ [a-z]+",
    "product": r"[a-z]+ [a-z]+",
    "reason": r"[a-z][a-z ]+",
}
"""What values look like, so that a sentence of one is none of another."""


def unmarked(text: str) -> str:
    """A text without the marker, not even one that is left where another was cut out."""
    while STOP in text:
        text = text.replace(STOP, "")
    return text.strip()


def told(slot: str, value: str, split: Split, rng: random.Random) -> str:
    """A sentence that tells a value."""
    return rng.choice(TELLS[slot][split]).format(value)


def wanted(text: str, domain: str) -> str | None:
    """The kind of request that a text comes with; the last, if there are several."""
    places = {kind: text.rfind(form) for kind, form in _wants(domain) if form in text}
    return max(places, key=lambda kind: places[kind]) if places else None


def values(text: str) -> Iterator[tuple[str, str]]:
    """The values that a text tells, with their slots."""
    for slot, pattern in _tells():
        if match := pattern.search(text):
            yield slot, match[1]


@lru_cache(maxsize=2)
def _wants(domain: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, form) for kind, forms in WANTS[domain].items() for several in forms.values() for form in several)


@lru_cache(maxsize=1)
def _tells() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (slot, re.compile(r"(?:^|(?<=[.?!] ))" + re.escape(form).replace(r"\{\}", f"({_VALUES[slot]})")))
        for slot, forms in TELLS.items()
        for several in forms.values()
        for form in several
    )
