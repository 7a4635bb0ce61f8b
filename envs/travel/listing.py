"""How options are listed: one line each, short for tiny models, as JSON for language models. `read` reads the lines back."""

from __future__ import annotations

import json
import re

from envs.travel.catalogue import BY_LETTER, Aspect, Origin
from envs.travel.task import Block, Option

LEGEND = "Each option has an id, its place, its price and its features:"
LEGEND_USERRL = "Each option has an id and its features:"
_COMPACT = re.compile(r"([AFCHR]\d+) (\w+) (\d+)((?: \w+ \w+)*)")


def listing(block: Block, source: Origin) -> str:
    """All options of a block. The rich list says what it holds."""
    lines = [line(option, source) for option in block.options]
    legend = LEGEND_USERRL if source == "userrl" else LEGEND
    return "\n".join(lines if source == "compact" else [legend, *lines])


def line(option: Option, source: Origin) -> str:
    """One option."""
    if source == "compact":
        features = " ".join(f"{topic} {value}" for topic, value in option.features.items())
        return f"{option.id} {option.place} {option.price} {features}"
    if source == "userrl":
        return json.dumps({"id": option.id, **option.features})
    return json.dumps({"id": option.id, "place": option.place, "price": option.price, **option.features})


def read(text: str) -> list[Option]:
    """The options that a text lists."""
    return [option for line in text.splitlines() if (option := _read_line(line)) is not None]


def aspect_of(option: Option) -> Aspect:
    """By its letter."""
    return BY_LETTER[option.id[0]]


def _read_line(line: str) -> Option | None:
    """What only looks like an option is none."""
    try:
        return _compact(line) or _rich(line)
    except (ValueError, KeyError, RecursionError):
        return None


def _compact(line: str) -> Option | None:
    told = _COMPACT.fullmatch(line)
    if told is None:
        return None
    words = told[4].split()
    return Option(id=told[1], place=told[2], price=int(told[3]), features=dict(zip(words[::2], words[1::2], strict=True)))


def _rich(line: str) -> Option | None:
    if not line.startswith('{"id"'):
        return None
    fields = json.loads(line)
    return Option(id=fields.pop("id"), place=fields.pop("place"), price=fields.pop("price"), features=fields)
