"""How an agent who knows the shop serves a customer. See `clerk.py` for what a plan is."""

from __future__ import annotations

from typing import Any

from envs.tau.clerk import Calling, Clerk, Plan

ABOUT_ONESELF = ("email", "name", "zip")
STATUS = {"cancel": "pending", "order_address": "pending", "payment": "pending", "return": "delivered", "exchange": "delivered"}
ORDER = "order item"
QUESTIONS: dict[str | None, tuple[str, ...]] = {
    "cancel": ("What is the order number or an item, and the reason?", ORDER, "reason"),
    "return": ("What is the order number, and which item is it?", ORDER, "product"),
    "exchange": ("What is the order number, which item is it, and which version do you want?", ORDER, "product", "option"),
    "order_address": ("What is the order number, and the new address?", ORDER, "address"),
    "user_address": ("What is the new address?", "address"),
    "payment": ("What is the order number, and how do you want to pay?", ORDER, "payment"),
    "total": ("What is the order number?", ORDER),
    None: ("What can I do for you?",),
}
"""By kind of wish what is asked, and what is then known."""


def plan(opening: str) -> Plan:
    """Serve until the customer leaves."""
    clerk = Clerk("retail", opening, ABOUT_ONESELF)
    user_id = yield from _identify(clerk)
    profile = yield from clerk.call("get_user", user_id=user_id)
    while True:
        yield from clerk.ask(*QUESTIONS[clerk.kind])
        yield from _settle(clerk, user_id, profile)


def _identify(clerk: Clerk) -> Calling:
    yield from clerk.ask("Welcome. What is your email, or else your name and zip code?", "email zip")
    if clerk.knows("email"):
        found = yield from clerk.call("find_user_by_email", email=clerk.facts["email"])
    else:
        first, _, last = clerk.facts.get("name", "").partition(" ")
        zip_code = clerk.facts.get("zip", "")
        found = yield from clerk.call("find_user_by_name", first_name=first, last_name=last, zip=zip_code)
    return found["user_id"] if found else ""


def _settle(clerk: Clerk, user_id: str, profile: Any) -> Plan:
    facts = clerk.facts
    if clerk.kind is None or profile is None:
        yield from clerk.tell("That cannot be done.")
    elif clerk.kind == "user_address":
        yield from clerk.call("change_user_address", user_id=user_id, **_address(facts))
        yield from clerk.tell("Your address has been changed.")
    else:
        order_id, order = yield from _order(clerk, profile)
        if order is None or order["status"] != STATUS.get(clerk.kind, order["status"]):
            yield from clerk.tell("I am sorry, this order does not allow that; it cannot be done.")
        else:
            yield from clerk.tell((yield from _act(clerk.kind, facts, order_id, order, profile, clerk)))


def _order(clerk: Clerk, profile: Any) -> Calling:
    """The order that the customer means: by its number, or by what is in it."""
    meant = [key for key, products in profile["orders"].items() if clerk.facts.get("item") in products]
    order_id = clerk.facts.get("order", next(iter(meant), ""))
    return order_id, (yield from clerk.call("get_order", order_id=order_id))


def _act(kind: str, facts: dict[str, str], order_id: str, order: Any, profile: Any, clerk: Clerk) -> Calling:
    """Do it; what the customer is told."""
    item = next((item for item in order["items"] if item["product"] == facts.get("product")), order["items"][0])
    if kind == "cancel":
        result = yield from clerk.call("cancel_order", order_id=order_id, reason=facts.get("reason", ""))
        return f"The order has been cancelled, you get {result['refund']} back." if result else "That cannot be done."
    if kind == "return":
        result = yield from clerk.call("return_items", order_id=order_id, item_ids=[item["item_id"]])
        return f"The return is noted, you get {result['refund']} back." if result else "That cannot be done."
    if kind == "exchange":
        product = yield from clerk.call("get_product", product_id=item["product_id"])
        wanted = next((key for key, version in product["versions"].items() if version["option"] == facts.get("option")), "")
        result = yield from clerk.call("exchange_item", order_id=order_id, item_id=item["item_id"], new_item_id=wanted)
        return f"The exchange is noted, the difference is {abs(result['difference'])}." if result else "That cannot be done."
    if kind == "order_address":
        yield from clerk.call("change_order_address", order_id=order_id, **_address(facts))
        return "The order goes to the new address."
    if kind == "payment":
        method = next((key for key, said in profile["payment_methods"].items() if said == facts.get("payment")), "")
        yield from clerk.call("change_payment", order_id=order_id, payment_method_id=method)
        return "The payment has been changed."
    return f"The order costs {order['total']} in all."


def _address(facts: dict[str, str]) -> dict[str, str]:
    street, city, zip_code = facts.get("address", ", , ").split(", ")
    return {"street": street, "city": city, "zip": zip_code}
