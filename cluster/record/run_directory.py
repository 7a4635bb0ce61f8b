"""The folder of one run: `<root>/<name>/`, what lies in it and how it is written.

    config.yaml      the resolved configuration
    metrics.jsonl    one line per iteration: `iteration`, `wall_s` since the run began, and scalars named as in W&B
    summary.json     the outcome; a run that has one is finished
    trajectories/    `<phase>.parquet`, or `<phase>-<iteration>.parquet` for what comes once per iteration
    ledger.jsonl     what became of every group
    status.json      what the run is doing now
    failure.txt      the traceback of what ended the run, if something did
    versions.json    the software it was made with
    checkpoints/, wandb/, report.png, report.html

Invariant: whole files appear at once (written aside, then renamed), so a killed run leaves no half of one.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from cluster.errors import UserError
from cluster.record.whole_file import replace_file, replace_text

OUTPUTS = (
    "config.yaml",
    "status.json",
    "metrics.jsonl",
    "summary.json",
    "trajectories",
    "ledger.jsonl",
    "checkpoints",
    "wandb",
    "report.png",
    "report.html",
    "versions.json",
    "failure.txt",
)
BEFORE = "heldout-before"
"""The phase of the evaluation before training, and how those of its variants begin."""
STEM = re.compile(r"^(?P<phase>[a-z][a-z0-9_-]*?)(-(?P<iteration>\d{6,}))?$")


class RunDirectory:
    """Names and writes the files of a run; making the object touches nothing on disk."""

    def __init__(self, root: str | Path, name: str) -> None:
        self.path = Path(root).expanduser().absolute() / name
        self.config = self.path / "config.yaml"
        self.metrics = self.path / "metrics.jsonl"
        self.summary = self.path / "summary.json"
        self.trajectories = self.path / "trajectories"
        self.ledger = self.path / "ledger.jsonl"
        self.checkpoints = self.path / "checkpoints"
        self.report = self.path / "report.png"
        self.page = self.path / "report.html"
        self.versions = self.path / "versions.json"
        self.failure = self.path / "failure.txt"

    @classmethod
    def at(cls, path: str | Path) -> Self:
        """The run in an existing folder."""
        directory = cls(Path(path).expanduser().absolute().parent, Path(path).expanduser().absolute().name)
        if not directory.config.is_file():
            raise UserError(f"{path} is not the folder of a run: it holds no config.yaml.")
        return directory

    def refuse_loss(self, overwrite: bool = False) -> None:
        """Raise UserError if a finished run, or the checkpoints of an unfinished one, would be lost."""
        held = "a finished run" if self.summary.exists() else "the checkpoints of a run" if any(self._checkpoints()) else None
        if held and not overwrite:
            choice = "give another name, --resume or --overwrite"
            raise UserError(f"run.name is {self.path.name!r}: {self.path} holds {held}; {choice}.")

    def create(self, overwrite: bool = False) -> None:
        """Start a run afresh; what an earlier run of this name left is removed, unless `refuse_loss` objects."""
        self.refuse_loss(overwrite)
        self.path.mkdir(parents=True, exist_ok=True)
        for name in OUTPUTS:  # and nothing else: the folder may hold what is not ours
            path = self.path / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for folder in (self.trajectories, self.checkpoints):
            folder.mkdir(parents=True)

    def _checkpoints(self) -> Iterator[Path]:
        return (path for path in self.checkpoints.glob("[0-9]*") if path.is_dir() and path.name.isdecimal())

    def newest_checkpoint(self) -> Path | None:
        """The last whole checkpoint; its name is its iteration."""
        return max(self._checkpoints(), key=lambda path: int(path.name), default=None)

    def save_checkpoint(self, iteration: int, keep: int, save: Callable[[str], Any]) -> None:
        """Let `save` write a checkpoint, which appears whole or not at all; then forget all but the newest `keep`."""
        final = self.checkpoints / f"{iteration:06d}"
        if final.exists():
            return
        for torn in self.checkpoints.glob(".[0-9]*"):
            shutil.rmtree(torn)
        aside = self.checkpoints / f".{iteration:06d}"
        save(str(aside))
        aside.replace(final)
        for old in sorted(self._checkpoints(), key=lambda path: int(path.name))[:-keep]:
            shutil.rmtree(old)

    def roll_back(self, iteration: int) -> None:
        """Forget what came after `iteration`, so that metrics and trajectories line up when a run resumes.

        Of the tables that come once per run only the evaluation before training stays: the others are of later weights.
        """
        kept = [row for row in self.read_metrics() if row.get("iteration", 0) <= iteration]
        replace_text(self.metrics, "".join(map(_line, kept)))
        for path, (phase, of) in self._tables().items():
            if of > iteration if of is not None else not phase.startswith(BEFORE):
                path.unlink()
        for path in self._checkpoints():
            if int(path.name) > iteration:
                shutil.rmtree(path)
        self.summary.unlink(missing_ok=True)

    def write_config(self, text: str) -> None:
        replace_text(self.config, text)

    def append_metrics(self, row: dict[str, Any]) -> None:
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(_line(row))

    def read_metrics(self) -> list[dict[str, Any]]:
        """All rows; a torn last line of a killed run is left out."""
        if not self.metrics.exists():
            return []
        lines = self.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def write_summary(self, summary: dict[str, Any]) -> None:
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        replace_text(self.summary, text)

    def read_summary(self) -> dict[str, Any]:
        if not self.summary.exists():
            raise UserError(f"{self.path} holds no summary.json: the run has not finished.")
        summary: dict[str, Any] = json.loads(self.summary.read_text(encoding="utf-8"))
        return summary

    def write_report(self, image: bytes) -> None:
        replace_file(self.report, lambda path: path.write_bytes(image))

    def write_page(self, html: str) -> None:
        replace_text(self.page, html)

    def write_versions(self, versions: dict[str, str]) -> None:
        replace_text(self.versions, json.dumps(versions, indent=2) + "\n")

    def read_versions(self) -> dict[str, str]:
        """Name -> version; empty for a run that did not note them."""
        if not self.versions.exists():
            return {}
        versions: dict[str, str] = json.loads(self.versions.read_text(encoding="utf-8"))
        return versions

    def write_trajectories(self, table: pa.Table, phase: str, iteration: int | None = None) -> Path:
        stem = phase if iteration is None else f"{phase}-{iteration:06d}"
        if _phase(stem) != (phase, iteration):
            raise ValueError(f"{phase!r} cannot be the name of a phase: it would be read back as another")
        path = self.trajectories / f"{stem}.parquet"
        replace_file(path, lambda aside: pq.write_table(table, aside, compression="zstd"))
        return path

    def read_trajectories(self, phase: str, iteration: int | None = None, columns: list[str] | None = None) -> pa.Table:
        stem = phase if iteration is None else f"{phase}-{iteration:06d}"
        return pq.read_table(self.trajectories / f"{stem}.parquet", columns=columns)

    def phases(self) -> list[str]:
        """The phases that have one table, `heldout-before` and the like."""
        return sorted(phase for phase, iteration in self._tables().values() if iteration is None)

    def iterations(self, phase: str = "train") -> list[int]:
        """The iterations a phase has tables of."""
        return sorted(iteration for of, iteration in self._tables().values() if of == phase and iteration is not None)

    def _tables(self) -> dict[Path, tuple[str, int | None]]:
        """What we wrote; a file that somebody put beside ours is none of it."""
        return {path: _phase(path.stem) for path in self.trajectories.glob("[a-z]*.parquet") if STEM.match(path.stem)}


def _phase(stem: str) -> tuple[str, int | None]:
    match = STEM.match(stem)
    if match is None:
        raise ValueError(f"{stem!r} is not the name of a trajectory table")
    return match["phase"], int(match["iteration"]) if match["iteration"] else None


def _line(row: dict[str, Any]) -> str:
    # JSON has no NaN: a number that is none is written as null.
    finite = {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}
    return json.dumps(finite, allow_nan=False) + "\n"
