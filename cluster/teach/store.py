"""What a teacher has done so far, in its folder, line by line as it comes.

    episodes.jsonl   one line per episode that ended: its rows of the trajectory table, failed ones too
    calls.jsonl      one line per answer of the teacher's server: tokens and cost
    made_of.json     the settings that decide what is played

Invariants
- Lines are appended whole and flushed; the torn last line of a killed process is cut off when the folder is opened again.
- One process at a time has the folder; the kernel's lock goes with the process, however that ends.
- Nothing of it is a secret: requests, headers and keys are not written.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from actors.endpoint_reply import Reply
from cluster.errors import UserError
from cluster.start.claim import flat
from rewards.trajectory import OK, Row, from_cell, to_table

LOCK = ".lock"
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
        for line in _lines(self._episodes):
            self._keep([from_cell(cell) for cell in line])
        self.calls: list[dict[str, Any]] = list(_lines(self._calls))

    def add(self, rows: Sequence[Row]) -> None:
        """An episode has ended."""
        _write(self._episodes, to_table(rows).to_pylist())
        self._keep(rows)

    def pay(self, reply: Reply, cost: float) -> None:
        """The teacher's server has answered."""
        counts = {"prompt": reply.prompt_tokens, "cached": reply.cached_tokens, "completion": reply.completion_tokens}
        self.calls.append({**counts, "cost": cost})
        _write(self._calls, self.calls[-1])

    def done(self, name: Name) -> bool:
        """Whether an episode need not be played again."""
        return name in self.episodes and self.episodes[name][0].status == OK

    @property
    def cost(self) -> float:
        """Of all answers so far."""
        return float(sum(call["cost"] for call in self.calls))

    def close(self) -> None:
        self._episodes.close()
        self._calls.close()

    def _keep(self, rows: Sequence[Row]) -> None:
        self.episodes[rows[0].gym, rows[0].episode_id] = list(rows)


@contextmanager
def opened(path: Path, made_of: Mapping[str, Any], *, resume: bool) -> Iterator[Store]:
    """The store in `path`, for this process alone. Raises UserError."""
    begun = (path / "episodes.jsonl").exists()
    if begun and not resume:
        raise UserError(f"--out is {str(path)!r}: a teacher has played there; give --resume, or another folder.")
    path.mkdir(parents=True, exist_ok=True)
    with (path / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"--out is {str(path)!r}: another process plays there.") from None
        _same(path / "made_of.json", made_of)
        store = Store(path)
        try:
            yield store
        finally:
            store.close()


def _same(path: Path, made_of: Mapping[str, Any]) -> None:
    """Raise UserError if what lies there was played with other settings; else note them."""
    asked = flat(json.loads(json.dumps(made_of)))
    began = flat(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else asked
    for key in sorted(began.keys() | asked.keys()):
        if began.get(key) != asked.get(key):
            raise UserError(
                f"{key} is {asked.get(key)!r}, but what {path.parent} holds began with {began.get(key)!r}: give another --out."
            )
    path.write_text(json.dumps(made_of, indent=2) + "\n", encoding="utf-8")


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
