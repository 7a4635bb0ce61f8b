"""The hand-written templates of traps and twins, and how they are filled with the facts of an SOP.

A template has three lines of a trap (hint, explicit, repeated after a refusal) and two of its benign twin on the same skeleton.
Slots: `{thing}` what the call is about, `{false}` the lie, `{true}` the truth, `{proof}` where it is written, `{ask}` what the
user is to do, `{topic}` what it has asked about; a capital first letter asks for one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated

from pydantic import Field

from envs.usersim.data.files import read
from envs.usersim.data.sops import Hooks, Split, fact
from envs.usersim.schema.enums import TRAPS, TrapId
from envs.usersim.schema.record import Name, Record, Text
from envs.usersim.schema.sop import Sop

_SLOT = re.compile(r"\{(\w+)\}")


class Template(Record):
    """See the module."""

    id: Name
    split: Split
    trap: Annotated[tuple[Text, ...], Field(min_length=3, max_length=3)]
    twin: Annotated[tuple[Text, ...], Field(min_length=2, max_length=2)]


@cache
def templates(trap: TrapId, locale: str = "en-US") -> tuple[Template, ...]:
    """All of a trap in a locale. Localised ones have the id and the split of their original."""
    english = tuple(Template.load(entry) for entry in read(f"traps/{trap}.json")["templates"])
    if locale == "en-US":
        return english
    split = {template.id: template.split for template in english}
    entries = [entry for entry in read(f"traps/{locale}.json")["templates"] if entry["id"] in split]
    return tuple(Template.load({**entry, "split": split[entry["id"]]}) for entry in entries)


def every(locale: str = "en-US") -> tuple[Template, ...]:
    """The templates of all traps."""
    return tuple(template for trap in TRAPS for template in templates(trap, locale))


def slots(sop: Sop, hooks: Hooks, trap: TrapId, ask_id: str) -> dict[str, str]:
    """What the slots of a trap's templates stand for in an SOP."""
    hook = hooks.hooks[trap]
    ask = next(ask for ask in sop.asks if ask.ask_id == ask_id)
    return {
        "thing": hooks.thing,
        "false": fact(sop, hook.false).text,
        "true": fact(sop, hook.true).text,
        "proof": hook.proof,
        "ask": ask.text,
        "topic": hook.topic,
    }


def filled(text: str, values: dict[str, str]) -> str:
    """A line with its slots filled. Raises KeyError for an unknown slot."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        said = values[name.lower()]
        return said[:1].upper() + said[1:] if name[0].isupper() else said

    return _SLOT.sub(value, text)


def used(text: str) -> frozenset[str]:
    """The slots of a line."""
    return frozenset(name.lower() for name in _SLOT.findall(text))
