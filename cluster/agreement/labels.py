"""Labels of people and judges, one JSON object a line (broken here for width).

    {"item": "turn-17", "dimension": "honesty", "rater": "ana", "kind": "human", "score": 4, "length": 31,
     "covariates": {"think": true}}

Invariants
- A rater is a human or a judge in all files, and gives an item one score in a dimension.
- Length and covariates are the item's: labels that state them state the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cluster.errors import UserError
from cluster.terminal.safe_text import safe_line

Word = Annotated[str, Field(min_length=1, max_length=200)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class Label(BaseModel):
    """What one rater gave one item in one dimension."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    item: Word
    dimension: Word
    rater: Word
    kind: Literal["human", "judge"]
    score: Number
    length: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Of what was judged, in words or any other unit."""
    covariates: dict[Word, bool | Number | Word] = Field(default_factory=dict)


Row = TypeVar("Row", bound=BaseModel)


def read(files: Sequence[Path]) -> list[Label]:
    """All labels of the files. Raises UserError, which names file and line."""
    kinds: dict[str, str] = {}
    seen: dict[tuple[str, str, str], str] = {}
    stated: dict[tuple[str, str], tuple[object, str]] = {}
    labels: list[Label] = []
    for place, label in records(files, Label):
        if kinds.setdefault(label.rater, label.kind) != label.kind:
            raise UserError(f"{place}: {safe_line(label.rater)} is a {label.kind} here, but a {kinds[label.rater]} before.")
        key = (label.item, label.dimension, label.rater)
        if key in seen:
            again = f"{label.rater} has given item {label.item} a score for {label.dimension}"
            raise UserError(f"{place}: {safe_line(again)} at {seen[key]} already.")
        seen[key] = place
        for name, value in _stated(label):
            before, where = stated.setdefault((label.item, name), (value, place))
            if before != value:
                what = f"{name} of item {label.item} is {value} here, but {before}"
                raise UserError(f"{place}: {safe_line(what)} at {where}.")
        labels.append(label)
    if not labels:
        raise UserError(f"{', '.join(map(str, files))}: there are no labels.")
    return labels


def records(files: Sequence[Path], schema: type[Row]) -> Iterator[tuple[str, Row]]:
    """The records of .jsonl files, each with its place. Raises UserError, which names file and line."""
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{safe_line(file)} cannot be read: {safe_line(error)}.") from None
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                place = f"{safe_line(file)} line {number}"
                yield place, _record(line, place, schema)


def _record(line: str, place: str, schema: type[Row]) -> Row:
    try:
        json.loads(line)  # so that a broken line is told apart from a wrong field
        return schema.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the line"
        given = "" if first["type"] == "missing" else f", but it is {json.dumps(first['input'], default=str)[:80]}"
        raise UserError(f"{place}: {safe_line(field)}: {safe_line(first['msg'])}{safe_line(given)}.") from None
    except (ValueError, RecursionError):
        raise UserError(f"{place}: it is no JSON.") from None


def _stated(label: Label) -> Iterator[tuple[str, object]]:
    if label.length is not None:
        yield "length", label.length
    for name, value in label.covariates.items():
        yield f"covariates.{name}", value
