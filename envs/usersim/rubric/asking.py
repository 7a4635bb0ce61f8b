"""The requests of a turn: what each dimension is shown of it, and no more. Section 10.2 of the specification.

For `alignment` a thought is its plan: the move, the concerns it is about, and where the emotion went, which one of its checks
asks for.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from envs.base import Verdict, VerdictRequest
from envs.usersim.rubric.dimensions import RUBRICS, Dimension, Where
from envs.usersim.rubric.verdict import NONCE, Mark, RubricRequest
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.enums import CHILDREN
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.architecture import shown
from envs.usersim.state.scene import Scene
from envs.usersim.trace.state_block import state_json
from envs.usersim.trace.trace import Trace

AGENT_TURNS = 3
"""That a judge is shown."""
_WORDS_ALONE: tuple[tuple[Where, ...], ...] = (("answer",),)


@dataclass(frozen=True, slots=True)
class Judged:
    """A turn, and what it was said in."""

    trace: Trace
    persona: StaticProfile
    before: DynamicProfile
    agents: Sequence[AgentTurn]
    said: Sequence[str]
    """The user's own utterances before."""
    scene: Scene
    key: str
    """Names the turn, so that its nonces are its own and the same in a replay."""


def requests(turn: Judged, dimensions: Iterable[Dimension]) -> list[RubricRequest]:
    """One of each dimension."""
    blocks = shown(turn.persona, turn.before.but(architecture="separated"))
    known = [fid for fid in (*turn.scene.known, *turn.before.ledgers.stated) if fid in turn.scene.facts]
    facts = tuple(sorted({turn.scene.facts[fid].text for fid in known}))
    return [
        RubricRequest(
            dimension=dimension,
            locale=turn.persona.locale,
            persona=blocks["static_profile"],
            before={} if RUBRICS[dimension].shown in _WORDS_ALONE else blocks["dynamic_profile"],
            agent=tuple(agent.text for agent in turn.agents[-AGENT_TURNS:]),
            said=tuple(turn.said),
            user={part: _part(part, turn.trace, dimension) for part in RUBRICS[dimension].shown},
            facts=facts,
            nonce=hashlib.sha256(f"{turn.key} {dimension}".encode()).hexdigest()[:NONCE],
        )
        for dimension in dimensions
    ]


async def marks(
    turn: Judged, dimensions: Iterable[Dimension], ask: Callable[[VerdictRequest], Awaitable[Verdict]]
) -> dict[Dimension, Mark]:
    """What a judge says of a turn, all dimensions at once. Raises what `ask` does for the first that fails."""
    asked = requests(turn, dimensions)

    async def mark(request: RubricRequest) -> Mark:
        return Mark.of(request, await ask(request))

    try:
        async with asyncio.TaskGroup() as group:  # a failure ends the others, so that nobody pays for what is not used
            made = [group.create_task(mark(request)) for request in asked]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return {request.dimension: task.result() for request, task in zip(asked, made, strict=True)}


def _part(part: Where, trace: Trace, dimension: Dimension) -> str:
    if part == "answer":
        return trace.answer
    if part == "state":
        return state_json(trace.delta)
    return _plan(trace) if dimension == "alignment" else _thought(trace)


def _thought(trace: Trace) -> str:
    declared = f"act {trace.intent_act}, traps {', '.join(trace.trap_ids) or 'none'}"
    texts = [f"{child}: {text}" for child, text in zip(CHILDREN, trace.thoughts, strict=True) if text]
    return "\n".join([declared, _plan(trace), *texts])


def _plan(trace: Trace) -> str:
    step = trace.delta.d["emotion"]
    emotion = "up" if step > 0 else "down" if step < 0 else "as it was"
    return f"move {trace.move}, about {', '.join(trace.touched) or 'no concern'}, emotion {emotion}: {trace.thoughts.plan}"
