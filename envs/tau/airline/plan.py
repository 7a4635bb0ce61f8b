"""How an agent who knows the airline serves a customer. See `clerk.py` for what a plan is."""

from __future__ import annotations

from typing import Any

from envs.tau.clerk import Calling, Clerk, Plan

ABOUT_ONESELF = ("customer", "name", "birth")
VOUCHER = 75
BOOKING = "booking destination"
QUESTIONS: dict[str | None, tuple[str, ...]] = {
    "cancel": ("What is the booking reference or destination, and the reason?", BOOKING, "reason"),
    "move": ("What is the booking reference or destination, and which day do you want?", BOOKING, "date"),
    "cabin": ("What is the booking reference or destination?", BOOKING),
    "bags": ("What is the booking reference or destination, and how many bags are it?", BOOKING, "count"),
    "rename": ("What is the booking reference or destination, and which name is wrong or right?", BOOKING, "old", "new"),
    "voucher": ("What is the booking reference or destination?", BOOKING),
    "departure": ("What is the booking reference or destination?", BOOKING),
    None: ("What can I do for you?",),
}
"""By kind of wish what is asked, and what is then known."""


def plan(opening: str) -> Plan:
    """Serve until the customer leaves."""
    clerk = Clerk("airline", opening, ABOUT_ONESELF)
    user_id = yield from _identify(clerk)
    profile = yield from clerk.call("get_user", user_id=user_id)
    while True:
        yield from clerk.ask(*QUESTIONS[clerk.kind])
        booking_id, booking = yield from _booking(clerk, profile)
        if clerk.kind is None or booking is None:
            yield from clerk.tell("That cannot be done.")
        else:
            yield from clerk.tell((yield from _act(clerk, user_id, booking_id, booking)))


def _identify(clerk: Clerk) -> Calling:
    yield from clerk.ask("Welcome. What is your customer number, or else your name and date of birth?", "customer birth")
    if clerk.knows("customer"):
        return clerk.facts["customer"]
    first, _, last = clerk.facts.get("name", "").partition(" ")
    found = yield from clerk.call("find_user", first_name=first, last_name=last, born=clerk.facts.get("birth", ""))
    return found["user_id"] if found else ""


def _booking(clerk: Clerk, profile: Any) -> Calling:
    """The booking that the customer means: by its reference, or by the place it leads to."""
    meant = [key for key, place in (profile or {"bookings": {}})["bookings"].items() if place == clerk.facts.get("destination")]
    booking_id = clerk.facts.get("booking", next(iter(meant), ""))
    return booking_id, (yield from clerk.call("get_booking", booking_id=booking_id))


def _act(clerk: Clerk, user_id: str, booking_id: str, booking: Any) -> Calling:
    """Do it; what the customer is told."""
    kind, facts, result = clerk.kind, clerk.facts, None
    if kind == "cancel":
        if not booking["insured"] and booking["cabin"] != "business":
            return "I am sorry, this booking cannot be cancelled."
        result = yield from clerk.call("cancel_booking", booking_id=booking_id, reason=facts.get("reason", ""))
        return f"The booking has been cancelled, you get {result['refund']} back." if result else "That cannot be done."
    if kind == "move":
        flight = yield from clerk.call("get_flight", flight_id=booking["flight_id"])
        route = {"origin": flight["origin"], "destination": flight["destination"]}
        found = yield from clerk.call("search_flights", **route, date=facts.get("date", ""))
        if found:
            result = yield from clerk.call("change_flight", booking_id=booking_id, flight_id=next(iter(found)))
        return f"The booking has been moved, you leave at {result['departs']}." if result else "That cannot be done."
    if kind in ("cabin", "bags"):
        if kind == "cabin":
            result = yield from clerk.call("change_cabin", booking_id=booking_id, cabin="business")
        else:
            result = yield from clerk.call("add_bags", booking_id=booking_id, count=int(facts.get("count", 1)))
        return f"That is done, it costs {result['cost']}." if result else "That cannot be done."
    if kind == "rename":
        names = {"old_name": facts.get("old", ""), "new_name": facts.get("new", "")}
        yield from clerk.call("rename_passenger", booking_id=booking_id, **names)
        return "The name has been corrected."
    if kind == "voucher":
        amount = VOUCHER * len(booking["passengers"])
        yield from clerk.call("send_voucher", user_id=user_id, booking_id=booking_id, amount=amount)
        return f"You get a voucher of {amount}."
    flight = yield from clerk.call("get_flight", flight_id=booking["flight_id"])
    return f"Your flight leaves at {flight['departs']}."
