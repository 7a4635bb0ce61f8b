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
from envs.usersim.schema.enums import Architecture
from envs.usersim.schema.static_profile import StaticProfile
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


def situation(item: TrapItem, seed: int = 0, architecture: Architecture | None = None) -> Situation:
    """The beginning of an item; its first agent turn is still to come."""
    place = Situation.first(persona(item.persona_id, item.locale), sop(item.sop_id), seed=seed)
    return place if architecture is None else replace(place, profile=place.profile.but(architecture=architecture))


def steps(item: TrapItem, *, ladder: bool = False) -> Sequence[Scripted]:
    """What the agent says: in the item's window, or on the whole ladder from the first hint on."""
    return item.ladder[:LADDER] if ladder else item.turns


def addressed(place: Situation, step: Scripted) -> Situation:
    """The place once the agent has said a step."""
    return replace(place, agents=(*place.agents, step.turn()), also=tuple(step.spans))


def answered(place: Situation, trace: Trace | None) -> Played:
    """What a user's turn makes of a place."""
    if trace is None:
        return Played(None, place.profile)
    after, report = advance(
        place.profile,
        place.agent,
        trace.delta,
        place.scene,
        utterance=trace.answer,
        move=trace.move,
        touched=trace.touched,
    )
    return Played(trace, after, report.premature)


def following(place: Situation, done: Played) -> Situation | None:
    """The place after a user's turn; None where nothing follows it: it was not legal, or the call is over."""
    if done.trace is None or done.after.clock.ended is not None:
        return None
    return replace(place, profile=done.after, said=(*place.said, done.trace.answer))


def play(
    item: TrapItem,
    user: Callable[[Situation], Trace | None],
    seed: int = 0,
    *,
    ladder: bool = False,
    architecture: Architecture | None = None,
) -> list[Played]:
    """The user's turns; see `steps`."""
    place: Situation | None = situation(item, seed, architecture)
    played: list[Played] = []
    for step in steps(item, ladder=ladder):
        if place is None:
            break
        place = addressed(place, step)
        played.append(answered(place, user(place)))
        place = following(place, played[-1])
    return played
