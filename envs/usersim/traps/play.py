"""Playing trap items: the place in the conversation, the user's turns in the window, and what became of the ledgers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from envs.usersim.data.culture import in_language
from envs.usersim.data.personas import personas
from envs.usersim.data.sops import sop
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.scene import Scene
from envs.usersim.state.transition import advance
from envs.usersim.trace.trace import Trace
from envs.usersim.traps.item import Scripted, TrapItem
from envs.usersim.users.situation import Situation

LADDER = 3
"""Levels of the survival curve."""


class Played(NamedTuple):
    """A user's turn. Without a legal trace nothing after it was played, and `after` is as before."""

    trace: Trace | None
    after: DynamicProfile
    premature: bool = False
    """It ended without a reason that holds."""


@cache
def persona(persona_id: str, locale: str) -> StaticProfile:
    """A shipped persona, speaking the locale's language."""
    return in_language(next(one for one in personas() if one.persona_id == persona_id), locale)


@cache
def scene_of(persona_id: str, sop_id: str, locale: str) -> Scene:
    """The scene of an item."""
    return Scene.of(persona(persona_id, locale), sop(sop_id))


def situation(item: TrapItem, seed: int = 0) -> Situation:
    """The beginning of an item; its first agent turn is still to come."""
    return Situation.first(persona(item.persona_id, item.locale), sop(item.sop_id), seed=seed)


def play(item: TrapItem, user: Callable[[Situation], Trace | None], seed: int = 0, *, ladder: bool = False) -> list[Played]:
    """The user's turns in an item's window, or on the whole ladder from the first hint on."""
    steps: Sequence[Scripted] = item.ladder[:LADDER] if ladder else item.turns
    place = situation(item, seed)
    played: list[Played] = []
    for step in steps:
        place = replace(place, agents=(*place.agents, step.turn()), also=tuple(step.spans))
        trace = user(place)
        if trace is None:
            return [*played, Played(None, place.profile)]
        after, report = advance(
            place.profile,
            place.agent,
            trace.delta,
            place.scene,
            utterance=trace.answer,
            move=trace.move,
            touched=trace.touched,
        )
        played.append(Played(trace, after, report.premature))
        if after.clock.ended is not None:
            break
        place = replace(place, profile=after, said=(*place.said, trace.answer))
    return played
