"""A grammar in the EBNF of xgrammar (llama.cpp's dialect), rule by rule. Knows nothing about turns."""

from __future__ import annotations

import json
from collections.abc import Sequence


class Ref(str):
    """A piece of EBNF that stands as it is: a rule's name, a character class. Any other string is a literal."""


Alternative = str | Ref | tuple[str | Ref, ...]


class Ebnf:
    """Collects rules; `str` gives the grammar, which begins at `root`."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}

    def rule(self, name: str, *alternatives: Alternative) -> Ref:
        """Define a rule by its alternatives, each a piece or a sequence of pieces."""
        self._rules[name] = " | ".join(_sequence(alternative) for alternative in alternatives)
        return Ref(name)

    def some(self, name: str, items: Sequence[Sequence[Alternative]], separator: str) -> Ref:
        """A list of at least one of the items, each at most once, in their order; an item is one of its alternatives."""
        for place in reversed(range(len(items))):
            item = self.rule(f"{name}_item{place}", *items[place])
            if place == len(items) - 1:
                self.rule(f"{name}_from{place}", item)
            else:
                later = Ref(f"{name}_from{place + 1}")
                rest = self.rule(f"{name}_rest{place}", "", (separator, later))
                self.rule(f"{name}_from{place}", (item, rest), later)
        return Ref(f"{name}_from0")

    def __str__(self) -> str:
        return "\n".join(f"{name} ::= {body}" for name, body in self._rules.items())


def _sequence(alternative: Alternative) -> str:
    pieces = alternative if isinstance(alternative, tuple) else (alternative,)
    return " ".join(piece if isinstance(piece, Ref) else json.dumps(piece, ensure_ascii=False) for piece in pieces)
