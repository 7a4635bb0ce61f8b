"""Which tasks a verb of `parley data` is about: a gym's own lists, or a task file.

Invariant: whatever is asked for and is not there is a UserError that says what there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import envs
from cluster.errors import UserError, suggestion
from envs import modules, registry
from envs.base import Split, Task

SPLITS: tuple[Split, ...] = get_args(Split)


@contextmanager
def refusals() -> Iterator[None]:
    """How gyms, loaders and files refuse something (ValueError) is a sentence for the user."""
    try:
        yield
    except ValueError as error:
        raise UserError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Asked:
    """A gym's tasks; None is no restriction, or the gym's usual list."""

    gym: str
    source: str | None = None
    file: Path | None = None
    split: Split | None = None

    def tasks(self) -> list[Task]:
        """Train first. Raises UserError if there are none."""
        splits = [self.split] if self.split else SPLITS
        with refusals():
            found = [task for split in splits for task in envs.load(self.gym, split, **self._options())]
        if not found:
            raise UserError(f"{self.gym} has no task in {self.what}.")
        return found

    @property
    def what(self) -> str:
        """The list, for people."""
        listed = str(self.file) if self.file else f"source {self.source or registry.usual_source(self.gym) or 'own'}"
        return f"{listed}, split {self.split}" if self.split else listed

    def _options(self) -> dict[str, Any]:
        if self.source is None:
            return {} if self.file is None else {"file": self.file}
        if self.file is not None:
            raise UserError("--source and --file exclude each other: a gym's own list, or a task file.")
        sources = registry.sources(self.gym)
        if self.source not in sources:
            there = suggestion(self.source, sources) if sources else "it has one list only; leave it out."
            raise UserError(f"--source is {self.source!r}: no source of {self.gym}; {there}")
        return {"source": self.source}


def must_be_writable(path: Path, suffix: str) -> None:
    """Raise UserError for a file that cannot be made."""
    if path.suffix != suffix:
        raise UserError(f"{str(path)!r} must end in {suffix}.")
    if not path.parent.is_dir():
        raise UserError(f"{str(path)!r} cannot be made: there is no folder {path.parent}.")


def import_modules(names: Sequence[str]) -> None:
    """Let gyms of the user's own register. Raises UserError."""
    try:
        modules.find_all(names)
    except modules.NoSuchModule as error:
        raise UserError(f"--module: {error}.") from None
