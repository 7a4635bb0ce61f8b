"""JSON as section 6.2 wants it: no duplicate key, no NaN, nothing smuggled in by an escape.

Invariants
- Nothing but `ValueError` is raised, whatever the text: also for nesting too deep and for integers too long to read.
- What an escape stands for is held to the same rules as what is written out: no control characters but tab and line breaks,
  no lone surrogates, NFC, and no top tag. So a string that was read can be written again and read back.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from envs.usersim.trace.envelope import control_character, normalised
from envs.usersim.trace.grammar import TOP

_MARKS = tuple(f"<{slash}{tag}>" for tag in TOP for slash in ("", "/"))


def load_strict(text: str) -> Any:
    """The value of a JSON text. Raises ValueError."""
    try:
        value, end = _DECODER.raw_decode(text) if text.startswith("{") else (None, -1)
        if end < len(text):
            value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if "\\" in text:
        _check(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key is there twice")
    return data


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse)


def _check(value: Any) -> None:
    if isinstance(value, str):
        if control_character(value) is not None or normalised(value) != value:
            raise ValueError("an escape stands for a character that may not be there")
        if any(mark in value for mark in _MARKS):
            raise ValueError("an escape hides a tag")
    elif isinstance(value, list):
        for item in value:
            _check(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key)
            _check(item)
