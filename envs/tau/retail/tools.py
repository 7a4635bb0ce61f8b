"""The shop's tools. What they allow is what the shop's computer allows; `policy.md` may ask for more."""

from __future__ import annotations

from typing import Any, Literal

from envs.tau.tools import Database, ToolError, TypedTool, row, tool

_ORDER = "The order's number, e.g. R1234."
_USER = "The customer's id."


@tool("Find a customer's id by email.", email="The email address.")
def find_user_by_email(data: Database, email: str) -> Any:
    return _found([key for key, user in data["users"].items() if user["email"] == email.casefold().strip()])


@tool("Find a customer's id by name and zip code.", first_name="First name.", last_name="Last name.", zip="Zip code.")
def find_user_by_name(data: Database, first_name: str, last_name: str, zip: str) -> Any:
    wanted = (first_name.casefold(), last_name.casefold(), zip)
    users = data["users"].items()
    return _found([key for key, user in users if _names(user) == wanted])


@tool("A customer's profile: address, payment methods, orders with what is in them.", user_id=_USER)
def get_user(data: Database, user_id: str) -> Any:
    user = row(data, "users", user_id, "customer")
    return {**user, "orders": {key: [item["product"] for item in data["orders"][key]["items"]] for key in user["orders"]}}


@tool("An order: status, items, total, address.", order_id=_ORDER)
def get_order(data: Database, order_id: str) -> Any:
    return row(data, "orders", order_id, "order")


@tool("A product with all its versions: item ids, prices, stock.", product_id="The product's id, e.g. P1234.")
def get_product(data: Database, product_id: str) -> Any:
    return row(data, "products", product_id, "product")


@tool("Cancel a pending order. Its total is refunded.", order_id=_ORDER, reason="Why.")
def cancel_order(data: Database, order_id: str, reason: Literal["no longer needed", "ordered by mistake"]) -> Any:
    order = _in_status(data, order_id, "pending")
    order |= {"status": "cancelled", "cancel_reason": reason, "refund": order["total"]}
    return {"order_id": order_id, "status": order["status"], "refund": order["refund"]}


@tool("Send a pending order to another address.", order_id=_ORDER, street="House number and street.", city="City.", zip="Zip.")
def change_order_address(data: Database, order_id: str, street: str, city: str, zip: str) -> Any:
    order = _in_status(data, order_id, "pending")
    order["address"] = {"street": street, "city": city, "zip": zip}
    return {"order_id": order_id, "address": order["address"]}


@tool("Let a pending order be paid in another way.", order_id=_ORDER, payment_method_id="One of the customer's methods.")
def change_payment(data: Database, order_id: str, payment_method_id: str) -> Any:
    order = _in_status(data, order_id, "pending")
    if payment_method_id not in data["users"][order["user_id"]]["payment_methods"]:
        raise ToolError(f"The customer has no payment method {payment_method_id}.")
    order["payment_method_id"] = payment_method_id
    return {"order_id": order_id, "payment_method_id": payment_method_id}


@tool("Take back items of a delivered order. Their price is refunded.", order_id=_ORDER, item_ids="The items to send back.")
def return_items(data: Database, order_id: str, item_ids: list[str]) -> Any:
    order = _in_status(data, order_id, "delivered")
    prices = {item["item_id"]: item["price"] for item in order["items"]}
    strange = [item_id for item_id in item_ids if item_id not in prices]
    if strange or not item_ids or len(set(item_ids)) < len(item_ids):
        raise ToolError(f"The items of {order_id} are {', '.join(prices)}; name each once.")
    order |= {"status": "return requested", "returned": sorted(item_ids), "refund": sum(prices[each] for each in item_ids)}
    return {"order_id": order_id, "status": order["status"], "refund": order["refund"]}


@tool(
    "Exchange an item of a delivered order for another version of the same product that is in stock.",
    order_id=_ORDER,
    item_id="The item to send back.",
    new_item_id="The version to get.",
)
def exchange_item(data: Database, order_id: str, item_id: str, new_item_id: str) -> Any:
    order = _in_status(data, order_id, "delivered")
    item = next((item for item in order["items"] if item["item_id"] == item_id), None)
    if item is None:
        raise ToolError(f"{order_id} has no item {item_id}.")
    version = data["products"][item["product_id"]]["versions"].get(new_item_id)
    if version is None or not version["in_stock"] or new_item_id == item_id:
        raise ToolError(f"{new_item_id} is no other version of the product that is in stock.")
    difference = version["price"] - item["price"]
    order |= {"status": "exchange requested", "exchange": {"from": item_id, "to": new_item_id, "difference": difference}}
    return {"order_id": order_id, "status": order["status"], "difference": difference}


@tool("Change a customer's own address.", user_id=_USER, street="House number and street.", city="City.", zip="Zip.")
def change_user_address(data: Database, user_id: str, street: str, city: str, zip: str) -> Any:
    user = row(data, "users", user_id, "customer")
    user["address"] = {"street": street, "city": city, "zip": zip}
    return {"user_id": user_id, "address": user["address"]}


@tool("Hand the customer over to a person. It ends the dialogue.", summary="What the customer wants.")
def transfer_to_human_agents(data: Database, summary: str) -> Any:
    return {"transferred": True}


TOOLS: tuple[TypedTool, ...] = (
    find_user_by_email,
    find_user_by_name,
    get_user,
    get_order,
    get_product,
    cancel_order,
    change_order_address,
    change_payment,
    return_items,
    exchange_item,
    change_user_address,
    transfer_to_human_agents,
)


def _names(user: dict[str, Any]) -> tuple[str, str, str]:
    return user["first_name"].casefold(), user["last_name"].casefold(), user["address"]["zip"]


def _found(user_ids: list[str]) -> dict[str, str]:
    if not user_ids:
        raise ToolError("No customer was found.")
    return {"user_id": user_ids[0]}


def _in_status(data: Database, order_id: str, status: str) -> dict[str, Any]:
    order = row(data, "orders", order_id, "order")
    if order["status"] != status:
        raise ToolError(f"{order_id} is {order['status']}, not {status}.")
    return order
