"""What the tests of TauGym share: one fixed customer of the shop, and a way to play turns without an event loop."""

from __future__ import annotations

import json
from typing import Any

from envs.base import Speaker, StepResult
from envs.conversation import Episode, converse, drive
from envs.tau.domain import domain
from envs.tau.gym import TauGym
from envs.tau.task import Action, Hidden, Request, TauTask, Visible
from envs.tau.user import TauUser
from envs.verdicts import RuleJudge

DATA = domain("retail").fresh()
USER = next(iter(DATA["users"]))
ORDER = next(key for key in DATA["users"][USER]["orders"] if DATA["orders"][key]["status"] == "pending")
OTHER = next(key for key in DATA["users"][USER]["orders"] if DATA["orders"][key]["status"] == "pending" and key != ORDER)
DELIVERED = next(key for key in DATA["users"][USER]["orders"] if DATA["orders"][key]["status"] == "delivered")
TOTAL = str(DATA["orders"][ORDER]["total"])
REASON = "no longer needed"


def task(**changes: Any) -> TauTask:
    """Somebody wants to cancel an order."""
    hidden = {
        "identity": {"email": DATA["users"][USER]["email"]},
        "requests": (Request(kind="cancel", slots={"order": ORDER, "reason": REASON}),),
        "actions": (Action(name="cancel_order", arguments={"order_id": ORDER, "reason": REASON}),),
        "outputs": (TOTAL,),
    }
    visible = Visible(domain="retail", opening="Hello. I want to cancel an order and know what I get back.")
    fields: dict[str, Any] = {"id": "cancel", "gym": "TauGym", "split": "train", "visible": visible}
    given = {key: value for key, value in changes.items() if key in hidden}
    fields |= {key: value for key, value in changes.items() if key not in hidden}
    return TauTask(**{"hidden": Hidden(**{**hidden, **given}), **fields})


def call(name: str, **arguments: Any) -> str:
    return f"[answer] {json.dumps({'name': name, 'arguments': arguments})}"


CANCEL = call("cancel_order", order_id=ORDER, reason=REASON)
TELL = f"[action] It has been cancelled, you get {TOTAL} back."


def gym(partner: Speaker | None = None, played: TauTask | None = None, **params: Any) -> TauGym:
    made = TauGym(partner or TauUser(0), RuleJudge(), **{"prompt": "short", **params})
    made.first_view = made.reset(played or task(), 0)
    return made


def turns(made: TauGym, *actions: str) -> list[StepResult]:
    return [drive(made.step(action)) for action in actions]


def episode(speaker: Speaker, played: TauTask, partner: Speaker | None = None, **params: Any) -> Episode:
    made = gym(partner, played, **params)
    return drive(converse(made, made.first_view, speaker))
