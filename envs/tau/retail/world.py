"""The shop's database, made from a fixed seed.

Invariants (tested)
- Every customer has two pending and two delivered orders, and no product in two of them; amounts are whole.
- Every product has three versions, two of which are in stock.
"""

from __future__ import annotations

import random
from typing import Any

from envs.tau.people import address, full_names
from envs.tau.tools import Database

WORLD_SEED = 0
USERS = 36
PRODUCTS = (
    "desk lamp,rain coat,tea pot,wall clock,travel bag,bread knife",
    "wool scarf,garden chair,coffee mill,yoga mat,bird house,pen case",
)
OPTIONS = ["red", "blue", "green", "black", "white"]
PAYMENTS = ("credit card", "gift card", "bank account")
STATUSES = ("pending", "pending", "delivered", "delivered")


def make() -> Database:
    """A new database."""
    rng = random.Random(f"tau retail {WORLD_SEED}")
    numbers = rng.sample(range(1000, 10000), 400)
    products = {f"P{numbers.pop()}": _product(name, numbers, rng) for name in ",".join(PRODUCTS).split(",")}
    data: Database = {"users": {}, "orders": {}, "products": products}
    for first, last in full_names(USERS, rng):
        user_id = f"{first}_{last}_{numbers.pop()}".lower()
        user = _user(first, last, numbers, rng)
        data["users"][user_id] = user
        wares = rng.sample(sorted(products), 2 * len(STATUSES))
        for place, status in enumerate(rng.sample(STATUSES, len(STATUSES))):
            order_id = f"R{numbers.pop()}"
            bought = wares[2 * place : 2 * place + rng.randint(1, 2)]
            data["orders"][order_id] = _order(user_id, user, status, [(ware, products[ware]) for ware in bought], rng)
            user["orders"].append(order_id)
    return data


def _product(name: str, numbers: list[int], rng: random.Random) -> dict[str, Any]:
    options = rng.sample(OPTIONS, 3)
    price = rng.randint(90, 900)
    versions = {
        f"I{numbers.pop()}": {"option": option, "price": price + rng.randint(0, 80), "in_stock": place > 0}
        for place, option in enumerate(options)
    }
    return {"name": name, "versions": versions}


def _user(first: str, last: str, numbers: list[int], rng: random.Random) -> dict[str, Any]:
    kinds = rng.sample(PAYMENTS, 2)
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}{rng.randint(10, 99)}@post.example".lower(),
        "address": address(rng),
        "payment_methods": {f"M{numbers.pop()}": kind for kind in kinds},
        "orders": [],
    }


def _order(
    user_id: str, user: dict[str, Any], status: str, bought: list[tuple[str, dict[str, Any]]], rng: random.Random
) -> dict[str, Any]:
    items = []
    for product_id, product in bought:
        item_id = rng.choice(sorted(product["versions"]))
        version = product["versions"][item_id]
        about = {"product": product["name"], "option": version["option"], "price": version["price"]}
        items.append({"item_id": item_id, "product_id": product_id, **about})
    return {
        "user_id": user_id,
        "status": status,
        "items": items,
        "total": sum(item["price"] for item in items),
        "address": dict(user["address"]),
        "payment_method_id": rng.choice(sorted(user["payment_methods"])),
    }
