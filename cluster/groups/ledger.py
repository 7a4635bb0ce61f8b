"""The record of what became of every group: `ledger.jsonl`, one line per transition, append-only.

Invariants
- A line is flushed to the operating system before its transition takes effect, so a killed driver loses none. A torn
  last line belongs to a transition that never took effect; opening the ledger removes it.
- A checkpoint stores `offset()`. Resuming appends `rolled_back_to` with that offset: the run continues from the history
  as it was there, and every line since is void. In the lineage that made the weights a group ends exactly once.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cluster.groups.lineage import LedgerError, replay


class Ledger:
    """The file of one run, open for appending."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+b")
        self._file.seek(0)
        whole = self._file.read().rfind(b"\n") + 1
        self._file.truncate(whole)

    def record(self, event: dict[str, Any]) -> None:
        """Append one event; it is on its way to disk when this returns."""
        self._file.write(json.dumps({**event, "time": round(time.time(), 3)}).encode() + b"\n")
        self._file.flush()

    def offset(self) -> int:
        """Bytes written so far, all of them on disk: a checkpoint taken now would be rolled back to here."""
        os.fsync(self._file.fileno())
        return self._file.seek(0, 2)

    def roll_back(self, offset: int) -> None:
        """Void every line after `offset`; they stay readable."""
        if not 0 <= offset <= self.offset():
            raise LedgerError(f"cannot roll back to byte {offset}: the ledger has {self.offset()}")
        self.record({"event": "rolled_back_to", "offset": offset})

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


__all__ = ["Ledger", "LedgerError", "replay"]
