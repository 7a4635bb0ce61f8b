"""How UserRL writes down the tasks of one gym. One `Dialect` per gym, in a file of the gym's name.

Two kinds of file tell of the same task
- an *item*, an object of the gym's JSON file, tells all of it but the split;
- a *row* of the RL parquet has the split, what its columns say, and the key of the item that it stands for.
Where a row says too little to play the task (no `from_row`), it needs its item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from envs.base import Split, Task
from envs.task_file import fault

Played = TypeVar("Played", bound=Task)
Made = TypeVar("Made")
Item = Mapping[str, Any]
ITEM = "the item"
"""What is wrong where it is no single field."""


class BadField(ValueError):
    """A field that makes no task, and why."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason


@dataclass(frozen=True, slots=True)
class Row:
    """What a parquet row says of its task."""

    kwargs: Mapping[str, str]
    """`create_kwargs`, with exactly the dialect's `keys`."""
    ground_truth: str
    opening: str
    """The last user message."""
    split: Split


@dataclass(frozen=True, slots=True)
class Dialect(Generic[Played]):
    """A gym as UserRL has it."""

    gym: str
    data_source: str
    keys: tuple[str, ...]
    """Of `create_kwargs` and `reward_model`, beside `env_name`; the first one names the item."""
    key: Callable[[str, Item], Any]
    """What an item is named by, given its place in the file (a key, or its number) and itself."""
    from_item: Callable[[str, Item, Split], Played]
    """Raises BadField, or pydantic's ValidationError."""
    from_row: Callable[[Row], Played] | None
    as_item: Callable[[Played], dict[str, Any]]
    kwargs: Callable[[Played], dict[str, str]]
    ground_truth: Callable[[Played], str]
    opening: Callable[[Played], str]
    """What the user message of a row says."""
    place: Callable[[int, Played], str] | None = None
    """The key of an item, given its number, where the JSON file is an object of items; None: it is a list."""


def attempt(make: Callable[[], Made]) -> Made | BadField:
    """What is made, or the field that lets nothing be made."""
    try:
        return make()
    except BadField as error:
        return error
    except ValidationError as error:
        field, reason = fault(error)
        return BadField(field or ITEM, reason)
