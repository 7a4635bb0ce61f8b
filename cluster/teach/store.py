"""What a teacher has done so far, in its folder, line by line as it comes.

    episodes.jsonl   one line per episode that ended: its rows of the trajectory table, failed ones too
    calls.jsonl      one line per answer of the teacher's server: tokens and cost
    identity.json    the settings and tasks that decide what is played

Invariants
- Lines are appended whole and flushed; the torn last line of a killed process is cut off when the folder is opened again.
- One process at a time has the folder (`cluster.record.claimed_folder`).
- Nothing of it is a secret: requests, headers and keys are not written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from actors.endpoint_reply import Reply
from cluster.record.claimed_folder import claimed
from rewards.trajectory import OK, Row, from_cell, to_table

TASKS = "the digest of task "
"""How the keys begin that say what was played; there may be more of them later."""
Name = tuple[str, str]
"""(gym, episode id)"""


class Store:
    """One folder; made by `opened`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._episodes = _appendable(path / "episodes.jsonl")
        self._calls = _appendable(path / "calls.jsonl")
        self.episodes: dict[Name, list[Row]] = {}
        """The newest try of each."""
        self.scores, self.scored = 0.0, 0
        """The sum of their scores, and how many have one."""
        for line in _lines(self._episodes):
            self._keep([from_cell(cell) for cell in line])
        self.calls: list[dict[str, Any]] = list(_lines(self._calls))
        self.cost = float(sum(call["cost"] for call in self.calls))
        """Of all answers so far."""

    def add(self, rows: Sequence[Row]) -> None:
        """An episode has ended."""
        _write(self._episodes, to_table(rows).to_pylist())
        self._keep(rows)

    def pay(self, reply: Reply, cost: float) -> None:
        """The teacher's server has answered."""
        counts = {"prompt": reply.prompt_tokens, "cached": reply.cached_tokens, "completion": reply.completion_tokens}
        self.calls.append({**counts, "cost": cost})
        self.cost += cost
        _write(self._calls, self.calls[-1])

    def done(self, name: Name) -> bool:
        """Whether an episode need not be played again."""
        return name in self.episodes and self.episodes[name][0].status == OK

    def close(self) -> None:
        self._episodes.close()
        self._calls.close()

    def _keep(self, rows: Sequence[Row]) -> None:
        name = rows[0].gym, rows[0].episode_id
        for row, sign in [(row, -1) for row in self.episodes.get(name, [])[:1]] + [(rows[0], 1)]:
            if row.score is not None:
                self.scores += sign * row.score
                self.scored += sign
        self.episodes[name] = list(rows)


@contextmanager
def opened(path: Path, made_of: Mapping[str, Any], *, resume: bool) -> Iterator[Store]:
    """The store in `path`, for this process alone. Raises UserError."""
    with claimed(path, made_of, what="a teacher's work", resume=resume, grows=TASKS):
        store = Store(path)
        try:
            yield store
        finally:
            store.close()


def _appendable(path: Path) -> IO[bytes]:
    file = path.open("ab+")
    file.seek(0)
    whole = file.read().rpartition(b"\n")
    file.truncate(len(whole[0] + whole[1]))
    return file


def _lines(file: IO[bytes]) -> Iterator[Any]:
    file.seek(0)
    yield from map(json.loads, file)


def _write(file: IO[bytes], data: Any) -> None:
    file.write(json.dumps(data).encode() + b"\n")
    file.flush()
