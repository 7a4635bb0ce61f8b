"""TravelGym. A trip with wishes, search arguments and options, all in free words. A row only has the ids of the best options,
so it needs its item.

Entries of `preferences` with fewer than four parts are left out, as UserRL's own loader does. `wanted_num` and, of options,
`type` and `reason` are not kept: nobody is shown them.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field, JsonValue

from envs.base import Split
from envs.travel.catalogue import Aspect
from envs.travel.task import Block, Hidden, Option, Preference, TravelTask, Visible
from envs.userrl.dialect import ITEM, BadField, Dialect, Item, attempt

PARTS = 4
"""Of a preference: aspect, topic, wish, hint."""
UNSHOWN = frozenset({"id", "type", "reason"})


class _Options(BaseModel):
    correct: list[dict[str, JsonValue]]
    wrong: list[dict[str, JsonValue]] = Field(default_factory=list)
    noise: list[dict[str, JsonValue]] = Field(default_factory=list)


class _Aspect(BaseModel):
    preferences: list[list[JsonValue]]
    arguments: dict[str, JsonValue]
    options: _Options
    best_id: str
    correct_ids: list[str]


class _Item(BaseModel):
    scenario: str
    dimensions: list[Aspect] = Field(min_length=1)
    initial_description: str


def from_item(place: str, item: Item, split: Split) -> TravelTask:
    """The task of an item, whose key is its id."""
    given, blocks, wishes = _Item.model_validate(item), list[Block](), 0
    for aspect in given.dimensions:
        made = attempt(lambda aspect=aspect, wishes=wishes: _block(aspect, item, wishes))  # type: ignore[misc]
        if isinstance(made, BadField):
            raise BadField(aspect if made.field == ITEM else f"{aspect}.{made.field}", made.reason)
        blocks.append(made)
        wishes += len(made.preferences)
    return TravelTask(
        id=place,
        gym="TravelGym",
        split=split,
        source="userrl",
        family="".join(str(len(block.preferences)) for block in blocks),
        visible=Visible(opening=given.initial_description),
        hidden=Hidden(situation=given.scenario, blocks=tuple(blocks)),
    )


def _block(aspect: Aspect, item: Item, before: int) -> Block:
    """One aspect; wishes are numbered through the trip."""
    given = _Aspect.model_validate(item.get(aspect))
    whole = [parts for parts in given.preferences if len(parts) >= PARTS]
    wishes = (_wish(aspect, f"P{number}", parts) for number, parts in enumerate(whole, start=before + 1))
    options = {kind: tuple(map(_option, listed)) for kind, listed in given.options if listed}
    if {option.id for option in options.get("correct", ())} != set(given.correct_ids):
        raise BadField("correct_ids", f"they are {', '.join(given.correct_ids)}, not those of options.correct.")
    arguments = {name: _text(value) for name, value in given.arguments.items()}
    return Block(aspect=aspect, arguments=arguments, preferences=tuple(wishes), best=given.best_id, **options)


def _wish(aspect: Aspect, name: str, parts: list[JsonValue]) -> Preference:
    _, topic, value, hint, *_ = map(_text, parts)
    return Preference(id=name, aspect=aspect, topic=topic, value=value, hint=hint)


def _option(given: dict[str, JsonValue]) -> Option:
    features = {name: _text(value) for name, value in given.items() if name not in UNSHOWN}
    return Option(id=_text(given.get("id")), features=features)


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_item(task: TravelTask) -> dict[str, Any]:
    """The item of a task. Place and price of our own options are features there."""
    blocks = task.hidden.blocks
    head = {"scenario": task.hidden.situation, "dimensions": list(task.aspects), "wanted_num": len(blocks)}
    aspects: dict[str, Any] = {block.aspect: _aspect(block) for block in blocks}
    return {**head, "initial_description": task.visible.opening, **aspects}


def _aspect(block: Block) -> dict[str, Any]:
    kinds = {"correct": block.correct, "wrong": block.wrong, "noise": block.noise}
    options = {kind: [_as_option(option) for option in listed] for kind, listed in kinds.items()}
    wishes = [[each.aspect, each.topic, each.value, each.hint] for each in block.preferences]
    ids = {"best_id": block.best_id, "correct_ids": [option.id for option in block.correct]}
    return {"preferences": wishes, "arguments": dict(block.arguments), "options": options, **ids}


def _as_option(option: Option) -> dict[str, Any]:
    own = {"place": option.place, "price": option.price} if option.price else {}
    return {"id": option.id, **own, **option.features}


DIALECT = Dialect(
    gym="TravelGym",
    data_source="interact_travelgym",
    keys=("id",),
    key=lambda place, item: place,
    from_item=from_item,
    from_row=None,
    as_item=as_item,
    kwargs=lambda task: {"id": task.id},
    ground_truth=lambda task: str([block.best_id for block in task.hidden.blocks]),
    opening=lambda task: task.visible.opening,
    place=lambda number, task: task.id,
)
