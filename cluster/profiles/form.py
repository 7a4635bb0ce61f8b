"""The terminal form: shows an item, asks its questions, y, n or s. Ctrl-D and q leave; the next start goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from cluster.profiles.answers import Answer, Given, append, read
from cluster.profiles.kit import KitItem
from cluster.terminal.safe_text import safe_line, styled

KEYS: dict[str, Given] = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "s": "skip", "skip": "skip"}
LEAVE = ("q", "quit")
PROMPT = "y/n/s/q> "


def label(items: Sequence[KitItem], out: Path, rater: str, ask: Callable[[str], str] = input) -> int:
    """Ask what `rater` has not answered yet; returns how many questions are left."""
    console = Console(markup=False, highlight=False, emoji=False)
    done = {(a.item, a.question) for a in read([out] if out.exists() else []) if a.rater == rater}
    for number, item in enumerate(items, start=1):
        open_ = [name for name in item.questions if (item.item, name) not in done]
        if not open_:
            continue
        console.print(styled(f"\n── {number} of {len(items)}: {safe_line(item.item)}", "bold"))
        for line in text(item):
            console.print(styled(line))
        for name in open_:
            console.print(styled(safe_line(item.questions[name]), "yellow"))
            answer = _asked(console, ask)
            if answer is None:
                return _left(items, done)
            append(out, Answer(item=item.item, domain=item.domain, question=name, rater=rater, answer=answer))
            done.add((item.item, name))
    return _left(items, done)


def text(item: KitItem) -> Iterator[str]:
    """What is shown of an item; every value is on a line of its own and cannot begin another."""
    for title, part in (("The person", item.persona), ("The call", item.sop), ("The profile", item.profile)):
        yield f"{title}:"
        for name, value in part.items():
            yield from _lines(name, value)


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, list) and value:
        yield f"  {safe_line(name)}:"
        yield from (f"    - {_short(each)}" for each in value)
    else:
        yield f"  {safe_line(name)}: {_short(value)}"


def _short(value: Any) -> str:
    """Data on one line; what is empty is left out."""
    if isinstance(value, Mapping):
        return ", ".join(f"{safe_line(name)} {_short(each)}" for name, each in value.items() if each not in (None, "", [], {}))
    if isinstance(value, list):
        return "; ".join(map(_short, value))
    return safe_line(value)


def _asked(console: Console, ask: Callable[[str], str]) -> Given | None:
    while True:
        try:
            typed = ask(PROMPT).strip().lower()
        except EOFError:
            return None
        except UnicodeDecodeError:
            typed = ""
        if typed in LEAVE:
            return None
        if typed in KEYS:
            return KEYS[typed]
        console.print("y for yes, n for no, s to skip, q to leave.")


def _left(items: Sequence[KitItem], done: set[tuple[str, str]]) -> int:
    return sum((item.item, name) not in done for item in items for name in item.questions)
