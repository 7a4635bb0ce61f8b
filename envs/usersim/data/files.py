"""The data files of this package, read once."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

ROOT = files("envs.usersim.data")


@cache
def read(path: str) -> Any:
    """The JSON file at a path inside of this package. Its value is shared: do not change it."""
    return json.loads(ROOT.joinpath(path).read_text(encoding="utf-8"))


@cache
def names(folder: str) -> tuple[str, ...]:
    """The names of the JSON files in a folder, without their ending, in order."""
    return tuple(
        sorted(entry.name.removesuffix(".json") for entry in ROOT.joinpath(folder).iterdir() if entry.name.endswith(".json"))
    )
