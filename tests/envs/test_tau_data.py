"""The worlds, their customers and their sentences: consistent, readable, and nothing of them in both splits."""

import hashlib
import json
import random
from types import SimpleNamespace

import pytest

import envs
from envs.tau.airline.world import DATES
from envs.tau.domain import OWN, as_json, domain, target, wishes
from envs.tau.people import split_of
from envs.tau.tau_bench import OPENING, BenchTool, bench_task
from envs.tau.tools import TRANSFER, digest
from envs.tau.user import ASKS, asked, moves_on
from envs.tau.wording import GREETINGS, STOP, TELLS, THANKS, UNKNOWN, WANTS, YES, told, values, wanted

TASKS = {split: envs.load("TauGym", split) for split in ("train", "heldout")}
ALL = [task for tasks in TASKS.values() for task in tasks]
PINS = {"retail": "dfe6b3c5d437e8fc", "airline": "21b301cc6ccdcf2e"}


def actions(task):
    return tuple((action.name, action.arguments) for action in task.hidden.actions)


@pytest.mark.parametrize("name", OWN)
def test_the_worlds_are_the_same_everywhere_and_every_time(name):
    assert digest(domain(name).fresh())[:16] == PINS[name]
    first = domain(name).fresh()
    first["users"].clear()
    assert domain(name).fresh()["users"], "every database is one of its own"


def test_the_shop_keeps_its_word():
    data = domain("retail").fresh()
    for user_id, user in data["users"].items():
        orders = [data["orders"][order_id] for order_id in user["orders"]]
        assert sorted(order["status"] for order in orders) == ["delivered"] * 2 + ["pending"] * 2
        bought = [item["product"] for order in orders for item in order["items"]]
        assert len(set(bought)) == len(bought) and len(set(user["payment_methods"].values())) == 2
        for order in orders:
            assert order["total"] == sum(item["price"] for item in order["items"]) and order["user_id"] == user_id
    for product in data["products"].values():
        assert [version["in_stock"] for version in product["versions"].values()] == [False, True, True]
        assert len({version["option"] for version in product["versions"].values()}) == 3


def test_the_airline_keeps_its_word():
    data = domain("airline").fresh()
    routes = [(flight["origin"], flight["destination"], flight["date"]) for flight in data["flights"].values()]
    assert len(set(routes)) == len(routes)
    for user in data["users"].values():
        bookings = [data["bookings"][booking_id] for booking_id in user["bookings"]]
        flights = [data["flights"][booking["flight_id"]] for booking in bookings]
        assert len({flight["destination"] for flight in flights}) == 4
        assert sum(booking["insured"] for booking in bookings) == 2
        late = [flight["status"] == "late" for flight in flights]
        assert sum(late) == 1 and all(flight["date"] in DATES for flight, was in zip(flights, late, strict=True) if not was)


@pytest.mark.parametrize("name", OWN)
def test_tools_are_described_with_types(name):
    tools = domain(name).tools
    assert 8 <= len(tools) <= 12 and TRANSFER in tools
    for tool in tools.values():
        schema = tool.schema()
        assert set(schema["parameters"]["required"]) == set(schema["parameters"]["properties"]) and schema["description"]
        assert all(about["description"] and about["type"] for about in schema["parameters"]["properties"].values())
        json.dumps(schema)


def test_the_right_calls_work_and_doing_nothing_is_never_right():
    nothing = {name: digest(domain(name).fresh()) for name in OWN}
    for task in ALL[::5]:
        name = task.visible.domain
        data = domain(name).fresh()
        results = [domain(name).tools[called].invoke(data, arguments) for called, arguments in actions(task)]
        assert results and not any(result.startswith("Error") for result in results), (task, results)
        assert digest(data) == target(name, as_json(actions(task))) != nothing[name]


def test_customers_do_not_know_what_only_the_database_knows():
    for task in ALL:
        said = " ".join([*task.hidden.identity.values(), *(v for each in task.hidden.requests for v in each.slots.values())])
        ids = {
            str(value) for _, arguments in actions(task) for key, value in arguments.items() if key in ("item_id", "flight_id")
        }
        assert not any(each in said for each in ids) and not any(output in said.split() for output in task.hidden.outputs)


def test_there_are_enough_customers():
    assert len(TASKS["train"]) >= 600 and len(TASKS["heldout"]) >= 200
    for tasks in TASKS.values():
        assert {task.visible.domain for task in tasks} == set(OWN) and len({task.id for task in tasks}) == len(tasks)


def test_train_and_heldout_share_nothing():
    def seen(tasks):
        rows = {
            value
            for task in tasks
            for _, given in actions(task)
            for key, value in given.items()
            if key in ("order_id", "booking_id")
        }
        return {
            "names": {task.hidden.identity["name"] for task in tasks},
            "rows": rows,
            "ids": {task.id for task in tasks},
            "combinations": {(task.visible.domain, *(each.kind for each in task.hidden.requests)) for task in tasks},
            "openings": {task.visible.opening for task in tasks},
        }

    train, heldout = seen(TASKS["train"]), seen(TASKS["heldout"])
    assert {what: train[what] & heldout[what] for what in train} == {what: set() for what in train}
    for name in OWN:
        assert not set(wishes(name).templates["train"]) & set(wishes(name).templates["heldout"])
    for forms in [*TELLS.values(), GREETINGS, THANKS, UNKNOWN, YES, *(f for kinds in WANTS.values() for f in kinds.values())]:
        assert not set(forms["train"]) & set(forms["heldout"])
    assert {split_of(user) for user in domain("retail").fresh()["users"]} == {"train", "heldout"}


def test_wishes_can_be_read_in_both_wordings():
    for name, kinds in WANTS.items():
        for kind, forms in kinds.items():
            assert all(wanted(f"Hello. {form}", name) == kind for split in forms for form in forms[split])
    assert wanted("Hello.", "retail") is None


def test_values_can_be_read_in_both_wordings_and_for_nothing_else():
    rng = random.Random(0)
    for task in ALL:
        for slots in (task.hidden.identity, *(each.slots for each in task.hidden.requests)):
            for slot, value in slots.items():
                text = told(slot, value, task.split, rng)
                assert dict(values(f"Well. {text}")) == {slot: value}, text
    assert {slot for task in ALL for each in task.hidden.requests for slot in each.slots} | set(ALL[0].hidden.identity) <= set(
        TELLS
    )


def test_questions_and_ends_are_told_apart():
    assert asked("What is your email?") == ["email"] and asked("Hello") == []
    assert {slot for slots in ASKS.values() for slot in slots} == set(TELLS)
    assert moves_on("Your order has been cancelled.") and moves_on("Anything else?") and moves_on("That is not possible.")
    assert not moves_on("I cannot find you. What is your email?") and not moves_on("One moment.")
    assert not any(STOP in form for forms in (GREETINGS, UNKNOWN) for split in forms for form in forms[split])


def test_lists_depend_on_the_seed_only_and_are_cut():
    assert envs.load("TauGym", "heldout") == TASKS["heldout"] != envs.load("TauGym", "heldout", seed=1)
    assert envs.load("TauGym", "train", count=2) == TASKS["train"][:2]
    assert {task.visible.domain for task in envs.load("TauGym", "train", source="airline")} == {"airline"}
    with pytest.raises(ValueError, match="did you mean 'retail'"):
        envs.load("TauGym", "train", source="retal")


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_tau_bench_is_asked_for_by_name_and_its_absence_is_one_sentence(split):
    with pytest.raises(ValueError, match="package tau_bench is not installed"):
        envs.load("TauGym", split, source="tau_bench")


def test_a_tau_bench_task_becomes_one_of_ours():
    """Objects of the shape their types have: name and kwargs, instruction, outputs."""
    made = [SimpleNamespace(name="respond", kwargs={"content": "x"}), SimpleNamespace(name="change", kwargs={"a": 1})]
    their = SimpleNamespace(user_id="u1", instruction="You are Una.", actions=made, outputs=["5"])
    task, twin = bench_task("heldout", "retail", 3, their), bench_task("heldout", "retail", 4, their)
    assert actions(task) == (("change", {"a": 1}),) and task.hidden.instruction == "You are Una."
    assert task.visible.model_dump() == {"domain": "tau_bench_retail", "opening": OPENING} and task.id != twin.id


def test_a_tau_bench_tool_answers_whatever_it_does():
    class Their:
        @staticmethod
        def get_info():
            return {"type": "function", "function": {"name": "change", "parameters": {"type": "object"}}}

        @staticmethod
        def invoke(data, a):
            data["t"]["a"] = a
            return "changed"

    tool, data = BenchTool(Their), {"t": {}}
    assert tool.name == "change" and tool.schema()["parameters"] == {"type": "object"}
    assert tool.invoke(data, {"a": 1}) == "changed" and data == {"t": {"a": 1}}
    assert tool.invoke(data, {"b": 1}).startswith("Error: ")


def test_policies_are_texts_of_some_length():
    texts = [domain(name).policy for name in OWN]
    assert all(len(text) > 500 for text in texts) and len({hashlib.sha256(t.encode()).hexdigest() for t in texts}) == 2
