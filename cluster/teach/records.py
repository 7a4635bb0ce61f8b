"""A kept episode as ShareGPT records, as `cluster.imitation.conversation_file` reads it.

The teacher spoke the bracket wire, which any server can write; the record is on the wire of the policy that will imitate it.
In a gym whose views are fresh a turn is a record of its own, with all that it was told: the conversation as a whole is never in
front of who acts there.
Invariant: a turn that was malformed or cut off is in its place, for others answered it, with weight 0; so is one that only
`calls: userrl` took for a call, where it would have to be written on another wire.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from cluster.teach.selection import imitable, spoken
from envs import registry
from envs.base import Message
from envs.tool import Call, Wire, parse, render, usage
from rewards.trajectory import Row, Turn

TOLD = "told"
"""In the state of an episode: the messages of each turn, its own words the last of them."""
NAMES = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}


def records(row: Row, wire: Wire) -> list[dict[str, Any]]:
    """The records of an episode."""
    told = json.loads(row.state).get(TOLD)
    return (
        [_conversation(row, wire)]
        if told is None
        else [_alone(row, told[turn.turn]) for turn in row.turns if _shows(row, turn)]
    )


def _shows(row: Row, turn: Turn) -> bool:
    """Whether a turn that is a record of its own shows how it is done: it may be imitated, and cost nothing."""
    return turn.turn in imitable(row) and turn.rewards["env"][0] >= 0


def _alone(row: Row, told: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Of a turn, the last of what was `told`: earlier words of its own are what others answered."""
    said: list[dict[str, Any]] = [{"from": NAMES[message["role"]], "value": message["content"]} for message in told]
    before = [message | ({"weight": 0} if message["from"] == "gpt" else {}) for message in said[:-1]]
    return {"task_id": f"{row.gym}/{row.task_id}", "score": row.score, "conversations": [*before, said[-1]]}


def _conversation(row: Row, wire: Wire) -> dict[str, Any]:
    """The record of a whole conversation."""
    choices = registry.entry(row.gym).gym.choices
    said = [
        {"from": NAMES[message.role], "value": message.content} | ({} if taught else {"weight": 0})
        for message, taught in _taught(row)
    ]
    if wire != "bracket" and choices:
        said = list(_rewritten(said, wire, choices))
    return {"task_id": f"{row.gym}/{row.task_id}", "score": row.score, "conversations": said}


def _taught(row: Row) -> Iterator[tuple[Message, bool]]:
    """Every message, and whether it may be imitated; the teacher's turns are its last messages."""
    messages, good = spoken(row), set(imitable(row))
    turn = len(row.turns) - sum(message.role == "assistant" for message in messages)
    for message in messages:
        if message.role == "assistant":
            yield message, turn in good
            turn += 1
        else:
            yield message, True


def _rewritten(said: list[dict[str, Any]], wire: Wire, choices: Sequence[str]) -> Iterator[dict[str, Any]]:
    heard = "human"
    for message in said:
        text = message["value"]
        if message["from"] == "gpt":
            call = parse("bracket", text, choices)
            yield message | ({"value": render(wire, call)} if isinstance(call, Call) else {"weight": 0})
            heard = NAMES["tool"]  # from its first turn on the gym answers a tool call
        elif message["from"] == "system":
            before, told, after = text.rpartition(usage("bracket", choices))
            yield message | ({"value": before + usage(wire, choices) + after} if told else {})
        else:
            yield message | {"from": heard}
