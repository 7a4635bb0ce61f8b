"""What the airline's customers want, and which combinations of it.

Invariant: no combination is in both splits; names and vouchers are held out altogether. Every combination changes the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envs.tau.airline.tools import BAG_PRICE
from envs.tau.airline.world import DATES
from envs.tau.goal import Draw, Goal, Maker, Templates
from envs.tau.people import FIRST

TEMPLATES: Templates = {
    "train": (
        ("cancel",),
        ("move",),
        ("cabin",),
        ("bags",),
        ("bags", "departure"),
        ("cabin", "bags"),
        ("refused_cancel", "bags"),
    ),
    "heldout": (
        ("rename",),
        ("voucher",),
        ("move", "bags"),
        ("cabin", "departure"),
        ("cancel", "voucher"),
        ("refused_cancel", "move"),
    ),
}
REASONS = ("change of plans", "illness")
VOUCHER = 75


def identity(draw: Draw) -> dict[str, str]:
    """What a customer can say about who they are; some have forgotten their number."""
    user = draw.user
    known = {"name": f"{user['first_name']} {user['last_name']}", "birth": user["born"]}
    return known if draw.rng.random() < 0.4 else {**known, "customer": draw.user_id}


def cancel(draw: Draw) -> list[Goal]:
    booking_id, booking = _booking(draw, insured=True)
    reason = draw.rng.choice(REASONS)
    action = ("cancel_booking", {"booking_id": booking_id, "reason": reason})
    return [Goal("cancel", {**_named(draw, booking_id), "reason": reason}, (action,), (str(booking["price"]),))]


def refused_cancel(draw: Draw) -> list[Goal]:
    """The rules forbid what the computer allows: nothing is right to do about it."""
    booking_id, _ = _booking(draw, insured=False)
    return [Goal("cancel", {**_named(draw, booking_id), "reason": draw.rng.choice(REASONS)})]


def move(draw: Draw) -> list[Goal]:
    booking_id, booking = _booking(draw)
    flights: dict[str, dict[str, Any]] = draw.data["flights"]
    flight = flights[booking["flight_id"]]
    date = draw.rng.choice([date for date in DATES if date != flight["date"]])
    wanted = {"origin": flight["origin"], "destination": flight["destination"], "date": date}
    new_id = next(key for key, each in flights.items() if each.items() >= wanted.items())
    action = ("change_flight", {"booking_id": booking_id, "flight_id": new_id})
    return [Goal("move", {**_named(draw, booking_id), "date": date}, (action,), (flights[new_id]["departs"],))]


def cabin(draw: Draw) -> list[Goal]:
    booking_id, booking = _booking(draw)
    prices = draw.data["flights"][booking["flight_id"]]["prices"]
    cost = (prices["business"] - prices["economy"]) * len(booking["passengers"])
    action = ("change_cabin", {"booking_id": booking_id, "cabin": "business"})
    return [Goal("cabin", _named(draw, booking_id), (action,), (str(cost),))]


def bags(draw: Draw) -> list[Goal]:
    booking_id, _ = _booking(draw)
    count = draw.rng.randint(2, 5)
    action = ("add_bags", {"booking_id": booking_id, "count": count})
    return [Goal("bags", {**_named(draw, booking_id), "count": str(count)}, (action,), (str(count * BAG_PRICE),))]


def rename(draw: Draw) -> list[Goal]:
    booking_id, booking = _booking(draw)
    old = draw.rng.choice(booking["passengers"])
    first, last = old.split()
    new = f"{draw.rng.choice([name for name in FIRST if name != first])} {last}"
    action = ("rename_passenger", {"booking_id": booking_id, "old_name": old, "new_name": new})
    return [Goal("rename", {**_named(draw, booking_id), "old": old, "new": new}, (action,))]


def voucher(draw: Draw) -> list[Goal]:
    booking_id, booking = _booking(draw, late=True)
    amount = VOUCHER * len(booking["passengers"])
    action = ("send_voucher", {"user_id": draw.user_id, "booking_id": booking_id, "amount": amount})
    return [Goal("voucher", _named(draw, booking_id), (action,), (str(amount),))]


def departure(draw: Draw) -> list[Goal]:
    booking_id, booking = _booking(draw)
    return [Goal("departure", _named(draw, booking_id), outputs=(draw.data["flights"][booking["flight_id"]]["departs"],))]


MAKERS: Mapping[str, Maker] = {
    "cancel": cancel,
    "refused_cancel": refused_cancel,
    "move": move,
    "cabin": cabin,
    "bags": bags,
    "rename": rename,
    "voucher": voucher,
    "departure": departure,
}


def _booking(draw: Draw, *, insured: bool | None = None, late: bool = False) -> tuple[str, dict[str, Any]]:
    """A booking of the customer that nothing was done to."""
    bookings, flights = draw.data["bookings"], draw.data["flights"]
    free = [each for each in draw.user["bookings"] if each not in draw.used]
    free = [each for each in free if (flights[bookings[each]["flight_id"]]["status"] == "late") == late]
    booking_id = draw.rng.choice([each for each in free if insured is None or bookings[each]["insured"] == insured])
    draw.used.add(booking_id)
    return booking_id, bookings[booking_id]


def _named(draw: Draw, booking_id: str) -> dict[str, str]:
    """How the customer knows the booking: by its reference or by the place it leads to."""
    flight = draw.data["flights"][draw.data["bookings"][booking_id]["flight_id"]]
    return {"booking": booking_id} if draw.rng.random() < 0.5 else {"destination": flight["destination"]}
