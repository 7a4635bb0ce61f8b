"""The list of gyms. A gym is added by one `register` call in its package.

Invariant: whatever is asked for by name is found by its exact name, or the `ValueError` names the nearest valid choice.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from random import Random
from typing import Any, get_args, get_type_hints

from envs.base import Demonstration, Gym, Role, Speaker, Task


@dataclass(frozen=True, slots=True)
class Entry:
    """Everything a gym offers by name."""

    gym: type[Gym]
    load: Callable[..., Sequence[Task]]
    """`load(split, **options)`."""
    scripted: Mapping[Role, Callable[[int], Speaker]]
    """A scripted speaker by role, made from a seed."""
    demonstrations: Callable[..., list[Demonstration]]
    """`demonstrations(role, count, seed, **options)`."""
    demonstrator: Callable[..., Speaker]
    """Who is imitated; its keyword arguments are what a demonstration's noise may be called."""
    baselines: Callable[[Sequence[Any]], Mapping[str, Callable[[int], Speaker]]]
    """`baselines(train_tasks)`: by name, how to make a script from a seed that says what a score is worth. Every gym has
    `random` and `best_fixed_script`, which read neither task nor replies, and `oracle`."""
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Named constructor parameters."""
    task: type[Task] | None = None
    """The class of its tasks, so that they can be read from a file (`envs.task_file`); None: they cannot."""
    contradict: Callable[[str, Random], str | None] | None = None
    """For `envs.adversarial`: a reply of the scripted user turned into one that states something else of the same thing, None
    where it states nothing. Without it a contradictory user takes its words back, which no gym can tell for false."""
    ending: str = ""
    """For `envs.adversarial`: the marker in a reply by which the scripted user ends the conversation; empty: none does."""
    listed: bool = True
    """Whether runs may choose it. What is not listed is played by a benchmark of its own, which finds it by its name."""

    @property
    def partner(self) -> Role:
        """The role of whoever the acting role talks to."""
        return "agent" if self.gym.acting == "user" else "user"


_ENTRIES: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Add a gym; its name is unique."""
    if entry.gym.name in _ENTRIES:
        raise ValueError(f"The gym {entry.gym.name!r} is registered twice.")
    _ENTRIES[entry.gym.name] = entry


def names() -> list[str]:
    """The names of all gyms that runs may choose."""
    return sorted(name for name, entry in _ENTRIES.items() if entry.listed)


def entry(name: str) -> Entry:
    """The gym called `name`."""
    if name not in _ENTRIES:
        raise unknown("gym", name, _ENTRIES)
    return _ENTRIES[name]


def sources(name: str) -> tuple[str, ...]:
    """The lists that a gym's loader offers as `source`; none where it has one list only."""
    hint = get_type_hints(entry(name).load).get("source")
    return tuple(map(str, get_args(hint)))


def usual_source(name: str) -> str | None:
    """The one that is loaded when none is named."""
    parameter = signature(entry(name).load).parameters.get("source")
    return None if parameter is None else str(parameter.default)


def noise(name: str) -> set[str]:
    """What a gym's demonstrator may be disturbed by: its keyword arguments."""
    return set(signature(entry(name).demonstrator).parameters) - {"seed"}


def unknown(what: str, name: str, valid: Iterable[str]) -> ValueError:
    """The error for a name that does not exist."""
    valid = sorted(valid)
    if not valid:
        return ValueError(f"There is no {what} {name!r}; there are none here.")
    near = max(valid, key=lambda choice: difflib.SequenceMatcher(None, name.casefold(), choice.casefold()).ratio())
    return ValueError(f"There is no {what} {name!r}; did you mean {near!r}? Valid: {', '.join(valid)}.")
