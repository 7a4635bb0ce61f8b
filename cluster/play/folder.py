"""Where conversations with people are kept: a run's folder in which every game is an iteration of the phase `human`."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Sequence
from pathlib import Path

from cluster.config import Config, resolved
from cluster.record.run_directory import RunDirectory
from cluster.start.claim import LOCK
from rewards.trajectory import Row, to_table

PHASE = "human"


class Folder:
    """Games by number, from 1. Several people may play into one folder."""

    def __init__(self, path: Path, config: Config) -> None:
        self._directory = RunDirectory(path.parent, path.name)
        self._config = config

    def add(self, rows: Callable[[int], Sequence[Row]]) -> int:
        """Keep a game, given by its number; returns that number."""
        self._directory.trajectories.mkdir(parents=True, exist_ok=True)
        with (self._directory.path / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._directory.config.exists():
                self._directory.write_config(resolved(self._config))
            number = max(self._directory.iterations(PHASE), default=0) + 1
            self.replace(number, rows(number))
        return number

    def replace(self, number: int, rows: Sequence[Row]) -> Path:
        """Keep a game anew; the file it is in."""
        return self._directory.write_trajectories(to_table(rows), PHASE, number)
