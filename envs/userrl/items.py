"""The JSON files of UserRL's gyms: a list of items, or an object of items by key.

`parse` makes a task of an item, or says which field does not let it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from envs.base import Split, Task
from envs.userrl.dialect import ITEM, BadField, Dialect, Item, attempt

SURROGATE = re.compile(r"[\ud800-\udfff]")


def read(path: Path) -> list[tuple[str, Any]]:
    """Every item of a file with its place: `item 3`, or `item 'key'`. Raises ValueError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as text: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error}).") from None
    if isinstance(data, dict):
        return list(data.items())
    if isinstance(data, list):
        return [(str(number), item) for number, item in enumerate(data, start=1)]
    raise ValueError(f"{path} holds a {type(data).__name__}: the items of a gym are a list, or an object of them by key.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are there once and whole: the second of two would hide the first."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found or SURROGATE.search(key):
            raise ValueError(f"the key {key!r} is there twice, or holds half a character")
        found[key] = value
    return found


def index(dialect: Dialect[Any], listed: Sequence[tuple[str, Any]]) -> dict[str, tuple[str, Item]]:
    """What `read` gave by what rows call it: key -> place and item. The first of a key counts."""
    found: dict[str, tuple[str, Item]] = {}
    for place, item in listed:
        key = dialect.key(place, item) if isinstance(item, Mapping) else None
        if isinstance(key, str):
            found.setdefault(key, (place, item))
    return found


def tasks(dialect: Dialect[Any], path: Path, split: Split) -> Iterator[tuple[str, Task | BadField]]:
    """What comes of every item. Raises ValueError."""
    for place, item in read(path):
        yield f"item {place}", parse(dialect, place, item, split)


def parse(dialect: Dialect[Any], place: str, item: Any, split: Split) -> Task | BadField:
    """The task of an item, or what is wrong with it."""
    if not isinstance(item, Mapping):
        return BadField(ITEM, f"it is a {type(item).__name__}, not an object.")
    if (path := next(_broken(item), None)) is not None:
        return BadField(".".join(path), "it holds half a character (a lone surrogate).")
    return attempt(lambda: dialect.from_item(place, item, split))


def _broken(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where a text is that no file takes: JSON can write down half a character, UTF-8 cannot."""
    if isinstance(value, str) and not value.isascii() and SURROGATE.search(value):
        yield path
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, below in steps:
        yield from _broken(below, (*path, str(step)))


def text(dialect: Dialect[Any], tasks: Sequence[Task]) -> str:
    """The JSON file of tasks."""
    items = [dialect.as_item(task) for task in tasks]
    if dialect.place is None:
        return json.dumps(items, ensure_ascii=False, indent=1)
    places = [dialect.place(number, task) for number, task in enumerate(tasks, start=1)]
    return json.dumps(dict(zip(places, items, strict=True)), ensure_ascii=False, indent=1)
