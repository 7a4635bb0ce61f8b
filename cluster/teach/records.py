"""A kept episode as a ShareGPT record, as `cluster.imitation.conversation_file` reads it.

The teacher spoke the bracket wire, which any server can write; the record is on the wire of the policy that will imitate it.
Invariant: a turn that was malformed or cut off is in its place, for others answered it, with weight 0; so is one that only
`calls: userrl` took for a call, where it would have to be written on another wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cluster.teach.selection import imitable, spoken
from envs import registry
from envs.base import Message
from envs.tool import Call, Wire, parse, render, usage
from rewards.trajectory import Row

NAMES = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}


def record(row: Row, wire: Wire) -> dict[str, Any]:
    """The record of an episode."""
    choices = registry.entry(row.gym).gym.choices
    said = [
        {"from": NAMES[message.role], "value": message.content} | ({} if taught else {"weight": 0})
        for message, taught in _taught(row)
    ]
    if wire != "bracket":
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
