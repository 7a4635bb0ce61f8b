"""What the shop's customers want, and which combinations of it.

Invariant: no combination is in both splits; exchanges are held out altogether. Every combination changes the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envs.tau.goal import Draw, Goal, Maker, Templates
from envs.tau.people import address, spoken

TEMPLATES: Templates = {
    "train": (
        ("cancel",),
        ("return",),
        ("order_address",),
        ("user_address",),
        ("payment",),
        ("payment", "total"),
        ("return", "user_address"),
        ("order_address", "return"),
        ("late_cancel", "user_address"),
    ),
    "heldout": (
        ("exchange",),
        ("exchange", "total"),
        ("cancel", "return"),
        ("user_address", "payment"),
        ("cancel", "order_address"),
        ("late_cancel", "exchange"),
    ),
}
REASONS = ("no longer needed", "ordered by mistake")


def identity(draw: Draw) -> dict[str, str]:
    """What a customer can say about who they are; some have forgotten their email."""
    user = draw.user
    known = {"name": f"{user['first_name']} {user['last_name']}", "zip": user["address"]["zip"]}
    return known if draw.rng.random() < 0.4 else {**known, "email": user["email"]}


def cancel(draw: Draw) -> list[Goal]:
    order_id, order = _order(draw, "pending")
    reason = draw.rng.choice(REASONS)
    action = ("cancel_order", {"order_id": order_id, "reason": reason})
    return [Goal("cancel", {**_named(draw, order_id, order), "reason": reason}, (action,), (str(order["total"]),))]


def late_cancel(draw: Draw) -> list[Goal]:
    """What was delivered cannot be cancelled: nothing is right to do about it."""
    order_id, order = _order(draw, "delivered")
    return [Goal("cancel", {**_named(draw, order_id, order), "reason": draw.rng.choice(REASONS)})]


def give_back(draw: Draw) -> list[Goal]:
    order_id, order = _order(draw, "delivered")
    item = draw.rng.choice(order["items"])
    action = ("return_items", {"order_id": order_id, "item_ids": [item["item_id"]]})
    return [Goal("return", {**_named(draw, order_id, order), "product": item["product"]}, (action,), (str(item["price"]),))]


def exchange(draw: Draw) -> list[Goal]:
    order_id, order = _order(draw, "delivered")
    item = draw.rng.choice(order["items"])
    versions: dict[str, dict[str, Any]] = draw.data["products"][item["product_id"]]["versions"]
    others = [each for each, version in versions.items() if version["in_stock"] and each != item["item_id"]]
    wanted = draw.rng.choice(others)
    action = ("exchange_item", {"order_id": order_id, "item_id": item["item_id"], "new_item_id": wanted})
    slots = {**_named(draw, order_id, order), "product": item["product"], "option": versions[wanted]["option"]}
    return [Goal("exchange", slots, (action,), (str(abs(versions[wanted]["price"] - item["price"])),))]


def order_address(draw: Draw) -> list[Goal]:
    order_id, order = _order(draw, "pending")
    where = address(draw.rng)
    action = ("change_order_address", {"order_id": order_id, **where})
    return [Goal("order_address", {**_named(draw, order_id, order), "address": spoken(where)}, (action,))]


def user_address(draw: Draw) -> list[Goal]:
    where = address(draw.rng)
    action = ("change_user_address", {"user_id": draw.user_id, **where})
    return [Goal("user_address", {"address": spoken(where)}, (action,))]


def payment(draw: Draw) -> list[Goal]:
    order_id, order = _order(draw, "pending")
    methods = draw.user["payment_methods"]
    other = next(method for method in methods if method != order["payment_method_id"])
    action = ("change_payment", {"order_id": order_id, "payment_method_id": other})
    return [Goal("payment", {**_named(draw, order_id, order), "payment": methods[other]}, (action,))]


def total(draw: Draw) -> list[Goal]:
    order_id, order = _order(draw, "pending")
    return [Goal("total", _named(draw, order_id, order), outputs=(str(order["total"]),))]


MAKERS: Mapping[str, Maker] = {
    "cancel": cancel,
    "late_cancel": late_cancel,
    "return": give_back,
    "exchange": exchange,
    "order_address": order_address,
    "user_address": user_address,
    "payment": payment,
    "total": total,
}


def _order(draw: Draw, status: str) -> tuple[str, dict[str, Any]]:
    """An order of the customer that nothing was done to."""
    orders = draw.data["orders"]
    free = [each for each in draw.user["orders"] if orders[each]["status"] == status and each not in draw.used]
    order_id = draw.rng.choice(free)
    draw.used.add(order_id)
    return order_id, orders[order_id]


def _named(draw: Draw, order_id: str, order: dict[str, Any]) -> dict[str, str]:
    """How the customer knows the order: by its number or by something in it."""
    return {"order": order_id} if draw.rng.random() < 0.5 else {"item": draw.rng.choice(order["items"])["product"]}
