"""Tasks in a file, of any gyms: what `parley data import` makes, and `gyms.tasks: {GYM: {file: PATH}}` plays.

    {"format": "parley-tasks", "version": 1, "tasks": 2}                                    the first line
    {"id": "entity_7", "gym": "TelepathyGym", "split": "train", ...}                        a task, as its class writes itself

Invariants
- `read` gives back what `write` was given, equal and in order. Within a gym an id is there once, so no task is in both splits.
- A file is right as a whole or refused: ValueError says in a sentence which line is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from envs import registry
from envs.base import Split, Task

FORMAT, VERSION = "parley-tasks", 1


def write(path: Path, tasks: Iterable[Task]) -> None:
    """Write a task file; it appears whole or not at all. Raises ValueError for an id that is there twice."""
    lines, ids = list[str](), set[tuple[str, str]]()
    for task in tasks:
        if (task.gym, task.id) in ids:
            raise ValueError(f"{task.gym} has the task {task.id} twice.")
        ids.add((task.gym, task.id))
        lines.append(task.model_dump_json())
    head = json.dumps({"format": FORMAT, "version": VERSION, "tasks": len(lines)})
    aside = path.with_name(f".{path.name}.tmp")
    aside.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    aside.replace(path)


def load(name: str, split: Split, file: str | Path, **others: Any) -> list[Task]:
    """A gym's tasks of a split. Raises ValueError, also if the file has none of this gym."""
    if others:
        raise ValueError(f"file stands for all tasks of {name}: leave out {', '.join(sorted(others))}.")
    tasks = read(Path(file), name)
    if not tasks:
        raise ValueError(f"{file} has no task of {name}.")
    return [task for task in tasks if task.split == split]


def read(path: Path, gym: str | None = None) -> list[Task]:
    """All tasks of a file, or those of one gym. Raises ValueError."""
    tasks, ids = list[Task](), set[tuple[str, str]]()
    for number, data in _lines(path):
        if gym not in (None, data.get("gym")):
            continue
        task = _task(f"{path} line {number}", data)
        if (task.gym, task.id) in ids:
            raise ValueError(f"{path} line {number}: the task {task.id} is there already.")
        ids.add((task.gym, task.id))
        tasks.append(task)
    return tasks


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The numbered tasks, still raw."""
    try:
        found = path.read_text(encoding="utf-8").split("\n")  # not splitlines: JSON may hold other line separators
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as text: {getattr(error, 'strerror', None) or 'it is not UTF-8'}.") from None
    rows = [_object(path, number, line) for number, line in enumerate(found, start=1) if line.strip()]
    head, lines = (rows or [{}])[0], rows[1:]
    if head.get("format") != FORMAT:
        raise ValueError(f"{path} is no task file: `parley data import` makes one.")
    if head.get("version") != VERSION:
        raise ValueError(f"{path} has version {head.get('version')!r} of the format; this Parley reads {VERSION}.")
    if head.get("tasks") != len(lines):
        raise ValueError(f"{path} is torn: it has {len(lines)} of {head.get('tasks')} tasks.")
    yield from enumerate(lines, start=2)


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise ValueError(f"{path} line {number}: it is no JSON object.")
    return data


def _task(where: str, data: dict[str, Any]) -> Task:
    try:
        made = registry.entry(str(data.get("gym"))).task
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    if made is None:
        raise ValueError(f"{where}: the tasks of {data['gym']} cannot be read from a file; its registry entry names no `task`.")
    try:
        return made.model_validate_json(json.dumps(data))  # as JSON: lists become tuples again
    except ValidationError as error:
        raise ValueError(f"{where}: {complaint(error)}") from None


def fault(error: ValidationError) -> tuple[str, str]:
    """The first thing that is wrong: the field, empty where it is no single one, and the reason."""
    first = error.errors(include_url=False, include_input=False)[0]
    reason = first["msg"].removeprefix("Value error, ").rstrip(".")
    return ".".join(map(str, first["loc"])), f"{reason}."


def complaint(error: ValidationError) -> str:
    """The same in a sentence."""
    field, reason = fault(error)
    return f"{field}: {reason}" if field else reason
