"""One episode as the trajectory table has it, put together from its rows.

`acting` is the row with the messages: the first sequence of the policy that the gym stepped. Turns, rewards and versions
are that policy's; rows of another policy in the episode show in `sequences` alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
HEADER = ("episode_id", "group_id", "task_id", "gym", "split", "opponent", "policy", "score", "success", "ended", "status")
SEQUENCE = ("policy", "sequence", "tokens", "turn", "logprobs", "version", "advantage")


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """All rows of one episode, in the order of the table."""

    rows: list[Row]

    @property
    def acting(self) -> Row:
        return next((row for row in self.rows if row["messages"] != "[]"), self.rows[0])

    @property
    def messages(self) -> list[dict[str, str]]:
        said: list[dict[str, str]] = json.loads(self.acting["messages"])
        return said

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.acting["state"])
        return state

    @property
    def turns(self) -> list[dict[str, Any]]:
        """turn, finish, signature, rewards and advantage (null if none was stored) of every turn, in order."""
        own = [row for row in self.rows if row["policy"] == self.acting["policy"]]
        turns = [{**turn, "advantage": _advantage(row, turn["turn"])} for row in own for turn in row["turns"]]
        return sorted(turns, key=lambda turn: int(turn["turn"]))

    @property
    def versions(self) -> list[int]:
        """Of the weights that sampled the tokens of the acting policy."""
        own = (row for row in self.rows if row["policy"] == self.acting["policy"])
        return sorted({version for row in own for version in row["version"] if version >= 0})

    def said(self) -> list[tuple[dict[str, str], dict[str, Any] | None]]:
        """The messages, each turn beside the words it consists of.

        The speaker's turns are its last messages: what it seems to have said before belongs to the task.
        """
        turns, paired = self.turns, []
        for message in reversed(self.messages):
            turn = turns.pop() if message["role"] == "assistant" and turns else None
            paired.append((message, turn))
        return paired[::-1]

    def as_data(self, *, tokens: bool) -> dict[str, Any]:
        """For JSON; the names are those of the trajectory table."""
        data = {name: self.acting[name] for name in HEADER}
        data |= {"versions": self.versions, "turns": self.turns, "messages": self.messages, "state": self.state}
        return data | ({"sequences": [{name: row[name] for name in SEQUENCE} for row in self.rows]} if tokens else {})


def _advantage(row: Row, turn: int) -> float | None:
    """Every token of a turn carries the same."""
    if row["advantage"] is None or turn not in row["turn"]:
        return None
    value: float | None = row["advantage"][row["turn"].index(turn)]
    return value
