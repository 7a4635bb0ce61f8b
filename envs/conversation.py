"""The one conversation loop: acting speaker -> gym.step -> acting speaker -> … until the gym ends.

It serves training, evaluation, demonstrations, baselines and people alike; who speaks, and over what, is not its
business. A malformed tool call costs a turn. A conversation that runs out of context or turns is scored as earned.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from envs.base import Gym, Message, Speaker, StepResult, Utterance, View
from envs.tool import Call, Malformed, Wire, parse, usage

T = TypeVar("T")
CUT_OFF = "It was cut off."


@dataclass(frozen=True, slots=True)
class PlayedTurn:
    """One utterance of the acting role and what came of it."""

    signature: str
    """Of the state it was made in."""
    finish: str
    malformed: bool
    result: StepResult
    seconds: float = field(default=0.0, compare=False)
    """How long the utterance was waited for."""


@dataclass(slots=True)
class Episode:
    """What a conversation leaves behind; `messages` are the acting role's side, the last word included."""

    messages: list[Message] = field(default_factory=list)
    turns: list[PlayedTurn] = field(default_factory=list)
    ended: Literal["terminated", "truncated", "context_full"] = "truncated"
    score: float = 0.0
    success: bool = False
    state: dict[str, Any] = field(default_factory=dict)


def briefing(gym: Gym, system: str, wire: Wire = "bracket") -> str:
    """The acting role's system prompt: the gym explains its task, the wire how a call is written."""
    return f"{system}\n\n{usage(wire, gym.choices)}" if gym.choices and not gym.terse else system


def call_of(gym: Gym, utterance: Utterance, wire: Wire) -> Call | Malformed:
    """The call in what was said. Without a tool it is all that was said, so that words which were cut off are none."""
    if not gym.choices and utterance.finish == "length":
        return Malformed(CUT_OFF)
    return parse(wire, utterance.text, gym.choices, gym.readings)


async def converse(
    gym: Gym,
    view: View,
    acting: Speaker,
    *,
    wire: Wire = "bracket",
    max_turns: int = 1000,
    episode: Episode | None = None,
) -> Episode:
    """Play to the end from the gym's first view. Raises what gym, partner, judge or engine raise.

    `episode` is filled as the conversation goes on: who gave it has what was said when something raises."""
    view = replace(view, system=briefing(gym, view.system, wire))
    episode = Episode() if episode is None else episode
    episode.messages += [Message("system", view.system), *view.messages]
    observer: Literal["tool", "user"] = "tool" if wire == "hermes" and gym.choices else "user"
    while len(episode.turns) < max_turns:
        signature = gym.signature()
        began = time.perf_counter()
        utterance = await acting.speak(view)
        seconds = time.perf_counter() - began
        if utterance.finish == "context_full":
            episode.ended = "context_full"
            break
        episode.messages.append(Message("assistant", utterance.text))
        call = call_of(gym, utterance, wire)
        malformed = isinstance(call, Malformed)
        result = gym.refuse(call.reason) if isinstance(call, Malformed) else await gym.step(call.action)
        heard = Message(observer, result.feedback)
        episode.turns.append(PlayedTurn(signature, utterance.finish, malformed, result, seconds))
        episode.messages.append(heard)
        if result.terminated or result.truncated:
            episode.ended = "terminated" if result.terminated else "truncated"
            break
        view = gym.next_view(view, heard)
    episode.score, episode.success, episode.state = gym.score(), gym.success(), gym.state()
    return episode


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits (scripts, rules), inside or outside of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("The coroutine waits for something; run it in an event loop.")
