"""The airline's database, made from a fixed seed.

Invariants (tested)
- Every customer has four bookings to different places: one insured, one neither insured nor in business, one whose flight was
  late and one more that is insured; all but that of the late flight lie ahead.
- Between two places there is one flight a day, with room in both cabins.
"""

from __future__ import annotations

import random
from typing import Any

from envs.tau.people import CITIES, full_names
from envs.tau.tools import Database

WORLD_SEED = 0
USERS = 36
DATES = ("2031-05-04", "2031-05-05", "2031-05-06", "2031-05-07")
LATE_DATE = "2031-04-28"
BOOKINGS = ("insured", "bare", "late", "insured")


def make() -> Database:
    """A new database."""
    rng = random.Random(f"tau airline {WORLD_SEED}")
    numbers = rng.sample(range(1000, 10000), 900)
    data: Database = {"users": {}, "flights": {}, "bookings": {}}
    routes = [(origin, destination) for origin in CITIES[:3] for destination in CITIES[3:]]
    flights = {(*route, date): _flight(*route, date, data, numbers, rng) for route in routes for date in (*DATES, LATE_DATE)}
    for first, last in full_names(USERS, rng):
        user_id = f"{first}_{last}_{numbers.pop()}".lower()
        born = f"{rng.randint(1950, 2005)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        user: dict[str, Any] = {"first_name": first, "last_name": last, "born": born, "bookings": []}
        data["users"][user_id] = user
        for destination, kind in zip(rng.sample(CITIES[3:], len(BOOKINGS)), rng.sample(BOOKINGS, len(BOOKINGS)), strict=True):
            booking_id = f"B{numbers.pop()}"
            date = LATE_DATE if kind == "late" else rng.choice(DATES)
            flight_id = flights[rng.choice(CITIES[:3]), destination, date]
            data["bookings"][booking_id] = _booking(user_id, user, flight_id, data["flights"][flight_id], kind, rng)
            user["bookings"].append(booking_id)
    return data


def _flight(origin: str, destination: str, date: str, data: Database, numbers: list[int], rng: random.Random) -> str:
    flight_id = f"F{numbers.pop()}"
    economy = rng.randint(80, 300)
    data["flights"][flight_id] = {
        "origin": origin,
        "destination": destination,
        "date": date,
        "departs": f"{rng.randint(6, 21):02}:{rng.randint(0, 59):02}",
        "status": "late" if date == LATE_DATE else "on time",
        "prices": {"economy": economy, "business": economy + rng.randint(150, 500)},
    }
    return flight_id


def _booking(
    user_id: str, user: dict[str, Any], flight_id: str, flight: dict[str, Any], kind: str, rng: random.Random
) -> dict[str, Any]:
    passengers = [f"{user['first_name']} {user['last_name']}"]
    if rng.random() < 0.5:
        passengers.append(f"{rng.choice(['Ada', 'Ben', 'Cleo', 'Dan'])} {user['last_name']}")
    return {
        "user_id": user_id,
        "flight_id": flight_id,
        "cabin": "economy",
        "passengers": passengers,
        "bags": 0,
        "insured": kind == "insured",
        "price": flight["prices"]["economy"] * len(passengers),
        "status": "active",
    }
