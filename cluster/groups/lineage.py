"""Reading a ledger: which of its lines count, and whether a group ends exactly once in them.

A `rolled_back_to` line continues the history as it was at its offset, whatever was voided before: rolling back into a
voided stretch brings exactly that stretch back. The checker knows the events, not the `Stream`, so each tests the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


class LedgerError(ValueError):
    """The ledger contradicts itself."""


@dataclass(slots=True)
class Counts:
    """What a ledger says happened, in the lineage that counts."""

    dispatched: int = 0
    finished: int = 0
    retried: int = 0
    late: int = 0
    consumed: int = 0
    dropped: int = 0
    steps: int = 0
    live: int = 0
    """Groups that have not ended."""
    void: int = 0
    """Lines that a rollback took back."""


def lineage(lines: Iterable[str]) -> tuple[list[tuple[int, dict[str, Any]]], int]:
    """The lines that count, as (line number from 1, event), and how many were voided."""
    events: list[dict[str, Any]] = []
    ends: list[int] = []
    before: list[int] = []  # for each line the one it continues from, -1 for the beginning
    for line in lines:
        if not line.endswith("\n"):
            break  # torn: it never took effect
        event = json.loads(line)
        rolled_back = event["event"] == "rolled_back_to"
        before.append(_last_before(ends, event["offset"]) if rolled_back else len(events) - 1)
        ends.append((ends[-1] if ends else 0) + len(line.encode()))
        events.append(event)
    counting, at = [], len(events) - 1
    while at >= 0:
        counting.append((at + 1, events[at]))
        at = before[at]
    return counting[::-1], len(events) - len(counting)


def _last_before(ends: list[int], offset: int) -> int:
    if offset and offset not in ends:
        raise LedgerError(f"line {len(ends) + 1} rolls back to byte {offset}, where no line ends")
    return ends.index(offset) if offset else -1


def replay(lines: Iterable[str]) -> Counts:
    """Count the transitions of a ledger and check that each was possible. Raises LedgerError at the first that was not."""
    counting, void = lineage(lines)
    counts, groups = Counts(void=void), _Groups()
    for number, event in counting:
        kind = event["event"]
        if kind == "rolled_back_to":
            continue
        ids = event.get("groups", [event.get("group")])
        for group in ids:
            if problem := groups.apply(kind, group, event.get("attempt")):
                raise LedgerError(f"line {number}: {problem}")
        name = "retried" if kind == "failed" else kind
        setattr(counts, name, getattr(counts, name) + len(ids))
        counts.steps += kind == "consumed"
    counts.live = len(groups.live)
    return counts


MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "dispatched": (("new", "waiting"), "running"),
    "finished": (("running",), "ready"),
    "failed": (("running", "ready"), "waiting"),
    "dropped": (("running", "ready"), "ended"),
    "consumed": (("ready",), "ended"),
    "late": (("running", "waiting", "ready", "ended"), ""),
}
"""Event -> the states it may happen in, and the state after it."""


@dataclass(slots=True)
class _Groups:
    """The smallest state that can tell whether a transition was possible."""

    live: dict[int, tuple[str, int]] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)

    def apply(self, kind: str, group: int, attempt: int | None) -> str | None:
        """Make the transition, or say why it is impossible."""
        if kind not in MOVES:
            return f"unknown event {kind!r}"
        allowed, after = MOVES[kind]
        state, current = self.live.get(group, ("ended" if group in self.ended else "new", 0))
        if state not in allowed:
            return f"group {group} is {state} and cannot be {kind}"
        if kind == "late":
            return None
        if attempt is not None and attempt != current:
            return f"group {group} is at attempt {current}, not {attempt}"
        if after == "ended":
            del self.live[group]
            self.ended.add(group)
        else:
            self.live[group] = (after, current + (kind == "failed"))
        return None
