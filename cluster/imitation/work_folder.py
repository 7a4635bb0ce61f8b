"""What an imitation under way keeps beside its result: `<out>.work/`, which goes when `<out>` appears.

    sft.jsonl             first what it is made of, then a row every few steps; it ends in the result
    made_of.json          all that its result depends on
    checkpoint-000400/    the learner's state and `state.json`; the newest only
    best-000300/          the weights with the lowest held-out loss so far

Invariants
- Folders appear whole. A best one is not removed before a checkpoint knows of a better one, so the newest checkpoint never
  speaks of weights that are gone.
- `resume` forgets all that came after the newest checkpoint: from there everything happens again, and equally.
- One process at a time is in here (`held`); the lock is the kernel's and goes with the process. Its file names the holder.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cluster.errors import UserError
from cluster.imitation.best import Best
from cluster.start.claim import flat
from learner.folder import whole_folder

LOG = "sft.jsonl"
STATE = "state.json"
MADE_OF = "made_of.json"
LOCK = ".lock"
POLL_S = 0.2
SILENT_S = 600.0
"""How long whoever waits for another process believes in it without a new row."""


class WorkFolder:
    """Making the object touches nothing on disk."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.path = out.with_name(f"{out.name}.work")

    @contextmanager
    def held(self, waiting: Callable[[str], None], patience_s: float = SILENT_S) -> Iterator[None]:
        """Wait for the lock; `waiting` is told meanwhile, again and again, who has it. Whoever had it may have made the result.

        Raises UserError once the holder has written no row for `patience_s`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        seen, since = ("", 0), time.monotonic()
        with (self.path / LOCK).open("a+") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    file.seek(0)
                    holder = file.read() or "another process"
                    waiting(holder)
                now = (holder, self._written())
                if now != seen:
                    seen, since = now, time.monotonic()
                elif time.monotonic() - since > patience_s:
                    raise UserError(
                        f"{holder} holds {self.path / LOCK}, but has written no row to {LOG} for {patience_s:g} s: start again "
                        f"when it has ended, or end it."
                    )
                time.sleep(POLL_S)
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}")
            file.flush()
            yield

    def _written(self) -> int:
        """Bytes of the log."""
        path = self.path / LOG
        return path.stat().st_size if path.exists() else 0

    def same(self, made_of: Mapping[str, Any]) -> None:
        """Raise UserError if the checkpoint is of an imitation that was made of something else; else note what it is."""
        path = self.path / MADE_OF
        if self.checkpoint() is not None:
            began, asked = flat(json.loads(path.read_text(encoding="utf-8"))), flat(json.loads(json.dumps(made_of)))
            for key in sorted(began.keys() | asked.keys()):
                if began.get(key) != asked.get(key):
                    raise UserError(
                        f"{key} is {asked.get(key)!r}, but what {self.path} holds began with {began.get(key)!r}: give another "
                        f"folder, or remove that one."
                    )
        path.write_text(json.dumps(made_of), encoding="utf-8")

    def checkpoint(self) -> Path | None:
        """The newest."""
        return max(self.path.glob("checkpoint-*"), key=_step, default=None)

    def rows(self) -> list[dict[str, Any]]:
        """The log; a torn last line of a killed process is left out."""
        return read_log(self.path / LOG)

    def log(self, row: Mapping[str, Any]) -> None:
        with (self.path / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def resume(self) -> tuple[int, Best, Path | None]:
        """(steps done, the best so far, the learner's state to restore); from the beginning if there is no checkpoint."""
        newest = self.checkpoint()
        state: dict[str, Any] = {"step": -1, "best": {}}
        if newest is not None:
            state = json.loads((newest / STATE).read_text(encoding="utf-8"))
        best = Best(**state["best"])
        for path in self.path.iterdir():
            if path.is_dir() and path not in (newest, self.best(best.step)):
                shutil.rmtree(path)
        aside = self.path / f".{LOG}"
        aside.write_text("".join(json.dumps(row) + "\n" for row in self.rows() if row["step"] <= state["step"]))
        aside.replace(self.path / LOG)
        return max(0, state["step"]), best, newest

    def save(self, step: int, best: Best, save: Callable[[str], None]) -> None:
        """Let `save` write a checkpoint into a folder; then forget the older ones, and what was best before."""
        final = self.path / f"checkpoint-{step:06d}"
        if final.exists():
            return
        with whole_folder(final) as scratch:
            save(str(scratch))
            (scratch / STATE).write_text(json.dumps({"step": step, "best": asdict(best)}))
        for path in (*self.path.glob("checkpoint-*"), *self.path.glob("best-*")):
            if path not in (final, self.best(best.step)):
                shutil.rmtree(path)

    def best(self, step: int) -> Path:
        """Where the weights of a step are kept while they are the best."""
        return self.path / f"best-{step:06d}"

    def last(self) -> Path:
        """Where the last weights are put before they become the result."""
        return self.path / "last"

    def finish(self, model: Path) -> None:
        """Make a folder in here the result, with the log in it, and remove the rest."""
        shutil.copyfile(self.path / LOG, model / LOG)
        model.rename(self.out)
        shutil.rmtree(self.path)


def read_log(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a log; none if there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])
