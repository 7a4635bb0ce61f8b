"""The airline's tools. What they allow is what the airline's computer allows; `policy.md` asks for more."""

from __future__ import annotations

from typing import Any, Literal

from envs.tau.tools import Database, ToolError, TypedTool, row, tool

BAG_PRICE = 45
_BOOKING = "The booking's reference, e.g. B1234."
_FLIGHT = "The flight's id, e.g. F1234."


@tool("Find a customer's id.", first_name="First name.", last_name="Last name.", born="Date of birth, e.g. 1990-12-31.")
def find_user(data: Database, first_name: str, last_name: str, born: str) -> Any:
    wanted = (first_name.casefold(), last_name.casefold(), born)
    for user_id, user in data["users"].items():
        if (user["first_name"].casefold(), user["last_name"].casefold(), user["born"]) == wanted:
            return {"user_id": user_id}
    raise ToolError("No customer was found.")


@tool("A customer's profile and bookings, with where they lead to.", user_id="The customer's id.")
def get_user(data: Database, user_id: str) -> Any:
    user, flights = row(data, "users", user_id, "customer"), data["flights"]
    return {**user, "bookings": {key: flights[data["bookings"][key]["flight_id"]]["destination"] for key in user["bookings"]}}


@tool("A booking: flight, cabin, passengers, bags, insurance, price.", booking_id=_BOOKING)
def get_booking(data: Database, booking_id: str) -> Any:
    return row(data, "bookings", booking_id, "booking")


@tool("A flight: places, date, hour of departure, status, prices.", flight_id=_FLIGHT)
def get_flight(data: Database, flight_id: str) -> Any:
    return row(data, "flights", flight_id, "flight")


@tool("The flights of a day.", origin="City.", destination="City.", date="Date, e.g. 2031-05-04.")
def search_flights(data: Database, origin: str, destination: str, date: str) -> Any:
    wanted = (origin.casefold(), destination.casefold(), date)
    flights = data["flights"].items()
    found = {key: each for key, each in flights if _route(each) == wanted}
    if not found:
        raise ToolError("There is no such flight.")
    return found


@tool("Cancel a booking. Its price is refunded.", booking_id=_BOOKING, reason="Why.")
def cancel_booking(data: Database, booking_id: str, reason: Literal["change of plans", "illness"]) -> Any:
    booking = _active(data, booking_id)
    booking |= {"status": "cancelled", "cancel_reason": reason, "refund": booking["price"]}
    return {"booking_id": booking_id, "status": booking["status"], "refund": booking["refund"]}


@tool("Move a booking to another flight.", booking_id=_BOOKING, flight_id="The new flight's id.")
def change_flight(data: Database, booking_id: str, flight_id: str) -> Any:
    booking, flight = _active(data, booking_id), row(data, "flights", flight_id, "flight")
    booking["flight_id"] = flight_id
    return {"booking_id": booking_id, "flight_id": flight_id, "departs": flight["departs"]}


@tool("Change the cabin of a booking for all its passengers.", booking_id=_BOOKING, cabin="The new cabin.")
def change_cabin(data: Database, booking_id: str, cabin: Literal["economy", "business"]) -> Any:
    booking = _active(data, booking_id)
    if booking["cabin"] == cabin:
        raise ToolError(f"{booking_id} is in {cabin} already.")
    prices = data["flights"][booking["flight_id"]]["prices"]
    cost = (prices[cabin] - prices[booking["cabin"]]) * len(booking["passengers"])
    booking |= {"cabin": cabin, "price": booking["price"] + cost}
    return {"booking_id": booking_id, "cabin": cabin, "cost": cost}


@tool("Add checked bags to a booking.", booking_id=_BOOKING, count="How many more, 1 to 5.")
def add_bags(data: Database, booking_id: str, count: int) -> Any:
    booking = _active(data, booking_id)
    if not 1 <= count <= 5:
        raise ToolError("count is 1 to 5.")
    booking |= {"bags": booking["bags"] + count, "price": booking["price"] + count * BAG_PRICE}
    return {"booking_id": booking_id, "bags": booking["bags"], "cost": count * BAG_PRICE}


@tool("Correct a passenger's name.", booking_id=_BOOKING, old_name="First and last name.", new_name="First and last name.")
def rename_passenger(data: Database, booking_id: str, old_name: str, new_name: str) -> Any:
    booking = _active(data, booking_id)
    if old_name not in booking["passengers"] or not new_name.strip():
        raise ToolError(f"The passengers of {booking_id} are {', '.join(booking['passengers'])}.")
    booking["passengers"] = [new_name if name == old_name else name for name in booking["passengers"]]
    return {"booking_id": booking_id, "passengers": booking["passengers"]}


@tool("Give a voucher to a customer.", user_id="The customer's id.", booking_id=_BOOKING, amount="Its worth.")
def send_voucher(data: Database, user_id: str, booking_id: str, amount: int) -> Any:
    user, booking = row(data, "users", user_id, "customer"), _active(data, booking_id)
    if not 1 <= amount <= 1000 or booking["user_id"] != user_id:
        raise ToolError("amount is 1 to 1000, and the booking is the customer's own.")
    user.setdefault("vouchers", []).append({"booking_id": booking_id, "amount": amount})
    return {"user_id": user_id, "amount": amount}


@tool("Hand the customer over to a person. It ends the dialogue.", summary="What the customer wants.")
def transfer_to_human_agents(data: Database, summary: str) -> Any:
    return {"transferred": True}


TOOLS: tuple[TypedTool, ...] = (
    find_user,
    get_user,
    get_booking,
    get_flight,
    search_flights,
    cancel_booking,
    change_flight,
    change_cabin,
    add_bags,
    rename_passenger,
    send_voucher,
    transfer_to_human_agents,
)


def _route(flight: dict[str, Any]) -> tuple[str, str, str]:
    return flight["origin"].casefold(), flight["destination"].casefold(), flight["date"]


def _active(data: Database, booking_id: str) -> dict[str, Any]:
    booking = row(data, "bookings", booking_id, "booking")
    if booking["status"] != "active":
        raise ToolError(f"{booking_id} is {booking['status']}.")
    return booking
