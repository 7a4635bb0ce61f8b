"""What the tests of TravelGym share: one fixed trip, and a way to play turns without an event loop."""

from __future__ import annotations

from typing import Any

from envs.base import Speaker, StepResult, Utterance, VerdictRequest
from envs.conversation import Episode, converse, drive
from envs.travel.gym import TravelGym
from envs.travel.task import Block, Hidden, Option, Preference, TravelTask, Visible
from envs.travel.user import TravelUser
from envs.verdicts import RuleJudge

TRIP = {"origin": "Oslo", "city": "Rome", "date": "early June", "nights": "4"}
SEARCH_FLIGHT = "[search] flight Oslo Rome early June"
SEARCH_HOTEL = "[search] hotel Rome early June for 4 nights"


def _wish(id: str, aspect: str, topic: str, value: str) -> Preference:
    return Preference(id=id, aspect=aspect, topic=topic, value=value, hint=f"{topic} {value}.")


def _option(id: str, price: int, place: str = "Rome", **features: str) -> Option:
    return Option(id=id, place=place, price=price, features=features)


FLIGHT = Block(
    aspect="flight",
    arguments={name: TRIP[name] for name in ("origin", "city", "date")},
    preferences=(_wish("P1", "flight", "seat", "window"), _wish("P2", "flight", "bag", "cabin")),
    correct=(_option("F2", 90, seat="window", bag="cabin"), _option("F5", 80, seat="window", bag="cabin")),
    wrong=(_option("F1", 50, seat="aisle", bag="cabin"), _option("F4", 60, seat="window", bag="sports")),
    noise=(_option("F3", 30, place="Paris", seat="window", bag="cabin"),),
)
HOTEL = Block(
    aspect="hotel",
    arguments={name: TRIP[name] for name in ("city", "date", "nights")},
    preferences=(_wish("P3", "hotel", "pool", "indoor"), _wish("P4", "hotel", "view", "sea")),
    correct=(_option("H1", 100, pool="indoor", view="sea"), _option("H3", 120, pool="indoor", view="sea")),
    wrong=(_option("H2", 70, pool="outdoor", view="sea"),),
)


def task(*blocks: Block, **changes: Any) -> TravelTask:
    fields: dict[str, Any] = {
        "id": "trip",
        "gym": "TravelGym",
        "split": "train",
        "source": "compact",
        "family": "22",
        "visible": Visible(
            opening="From Oslo to Rome, early June, 4 nights. I need a flight and a hotel, the cheapest that fits."
        ),
        "hidden": Hidden(situation="Somebody goes from Oslo to Rome.", blocks=blocks or (FLIGHT, HOTEL)),
    }
    return TravelTask(**{**fields, **changes})


class Fixed:
    """A judge that gives the same verdict whatever it is asked."""

    def __init__(self, verdict: Any) -> None:
        self.answer, self.requests = verdict, list[VerdictRequest]()

    async def verdict(self, request):
        self.requests.append(request)
        return self.answer


class Broken:
    """A partner and a judge that fail."""

    async def speak(self, view):
        raise RuntimeError("no words")

    async def verdict(self, request):
        raise RuntimeError("no verdict")


class Full:
    """A partner whose context is full."""

    async def speak(self, view):
        return Utterance("", "context_full")


def gym(partner: Speaker | None = None, judge: Any = None, played: TravelTask | None = None, **params: Any) -> TravelGym:
    made = TravelGym(partner or TravelUser(0), judge or RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: TravelGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def paid(made: TravelGym, *actions: str) -> list[float]:
    return [result.rewards["env"] for result in turns(made, *actions)]


def episode(speaker: Speaker, played: TravelTask, partner: Speaker | None = None, **params: Any) -> Episode:
    made = gym(partner, None, played, **params)
    return drive(converse(made, made.first_view, speaker))
