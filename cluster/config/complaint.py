"""One sentence out of a pydantic error: the dotted path, the value, and the nearest valid choice."""

from __future__ import annotations

import json
import re
from inspect import isclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from cluster.errors import nearest, suggestion

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[int | str, ...]
LONGEST_VALUE = 60
"""Characters of a wrong value that are repeated to the user."""


def complaint(error: ValidationError, model: type[BaseModel], raw: dict[str, Any]) -> str:
    """The sentence for the first error; unknown keys come first, because a misspelt key also leaves one missing."""
    errors = error.errors(include_url=False, include_context=True)
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    kind, path = first["type"], _real_path(first["loc"], raw, missing=first["type"] == "missing")
    dotted = ".".join(map(str, path))
    if kind == "extra_forbidden":
        return f"{dotted} is not a known key: {_known_key(path, model)}"
    if kind == "missing":
        return f"{dotted} is missing."
    if first["loc"][-1] == "[key]":
        parent = ".".join(map(str, path[:-1]))
        return f"{dotted} is not a known key: {suggestion(dotted, [f'{parent}.{choice}' for choice in _expected(first)])}"
    return f"{dotted} is {_shown(first['input'])}: {_reason(first)}."


def _real_path(loc: Path, raw: Any, missing: bool) -> Path:
    """`loc` without the marks pydantic adds for union members and keys: only steps that exist in the input."""
    path: list[int | str] = []
    node = raw
    for position, step in enumerate(loc):
        exists = step in node if isinstance(node, dict) else isinstance(node, list) and step in range(len(node))
        if exists:
            node = node[step]
        if exists or (missing and position == len(loc) - 1):
            path.append(step)
    return tuple(path)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand under `path`."""
    models = [model]
    for step in path:
        fields = [parent.model_fields[str(step)] for parent in models if step in parent.model_fields]
        below = [model for field in fields for model in _models(field.annotation)]
        models = below or models  # a name in a dict or a place in a list: still the same models
    return [name for model in models for name in model.model_fields]


def _known_key(path: Path, model: type[BaseModel]) -> str:
    *parents, wrong = map(str, path)
    siblings = _fields(model, tuple(parents))
    if close := nearest(wrong, siblings):
        return f"did you mean {'.'.join([*parents, close])}?"
    for section in model.model_fields:
        if wrong in _fields(model, (section,)):
            return f"did you mean {section}.{wrong}?"
    return suggestion(wrong, siblings)


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _expected(first: ErrorDetails) -> list[str]:
    """The literals pydantic would have taken, which it tells only as text: `'a', 'b' or 'c'`."""
    listed: str = first.get("ctx", {}).get("expected", "")
    return [choice.strip("'") for choice in listed.replace(" or ", ", ").split(", ")]


def _reason(first: ErrorDetails) -> str:
    kind, text = first["type"], first["msg"].removeprefix("Value error, ")
    if kind in ("model_type", "dict_type"):
        return "it must be a mapping of keys"
    if kind == "path_type":
        return "it must be a path"
    text = re.sub(r"^\w+ should", "it must", text)
    close = nearest(str(first["input"]), _expected(first)) if kind == "literal_error" else None
    return f"{text}; the nearest is {close}" if close else text
