"""Modules of a user's own, imported by name: gyms that register themselves, judges.

They are found as `python -m` finds modules: installed, or below the folder that the run was started from. Every process that
meets a gym's tasks or verdicts imports the run's modules first (`gyms.modules`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from types import ModuleType


class NoSuchModule(ValueError):
    """A module cannot be imported; the message is the reason."""


def find(name: str) -> ModuleType:
    """The module called `package.module`. Raises NoSuchModule."""
    here = str(Path.cwd())
    if here not in sys.path:  # as under `python -m`; an installed command has its own folder there instead
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except Exception as error:  # the user's module may raise anything while it is imported
        raise NoSuchModule(f"importing {name} failed: {type(error).__name__}: {error}") from error


def find_all(names: Iterable[str]) -> None:
    """Import all; one that is imported already is not run again. Raises NoSuchModule."""
    for name in names:
        find(name)
