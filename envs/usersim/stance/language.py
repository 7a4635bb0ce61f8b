"""What people say yes, no and neither with, read from `data/stance/`: lists of phrases as patterns.

In a phrase `(a|b)` is one of them, `[ a]` may be left out, `{slot}` stands for a list of its own, `{w}` for a word, `{few}` for
up to two, `{n}` for a number, `{any}` for the rest. All else is a regular expression without brackets: `thanks?`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from envs.usersim.data.files import read
from envs.usersim.stance.sentences import Sentence

_SLOTS = {"w": r"\w+", "few": r"(\w+ ){0,2}", "n": r"\d+", "any": r".*"}
_SLOT = re.compile(r"\{([a-z]+)\}")
_GROUP = re.compile(r"\((?!\?)")
_LETTERS = re.compile(r"[a-z]+")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Words:
    """The patterns of a language. `strong` is looked for at the beginning of a phrase, those of a sentence anywhere in it, the
    others are a whole phrase."""

    assent: re.Pattern[str]
    """Bare assent at the beginning of a phrase, which is looked for again and again."""
    strong: re.Pattern[str]
    """Assent that is more than having heard."""
    agrees: re.Pattern[str]
    """Agrees in so many words."""
    courtesy: re.Pattern[str]
    """Goes along with a yes or a no, and is neither."""
    reserve: frozenset[str]
    """Of a sentence: a negation, a condition, another day, talk. It is no yes then."""
    harmless: re.Pattern[str]
    """Of a sentence: left out before `reserve` is looked for."""
    asks_in: re.Pattern[str]
    """Of a question that is a yes."""
    forward: re.Pattern[str]
    """Of a question after a yes: it takes nothing back."""
    no: re.Pattern[str]
    declines: re.Pattern[str]
    """Turns down in a sentence in which there may be more."""
    rhetorical: re.Pattern[str]
    """Of a question that is a no."""
    spares: re.Pattern[str]
    """Of a sentence: its no is none, or not for good."""
    begins: frozenset[str]
    """Words that a phrase begins with which assents, agrees or is polite; empty where words are not spaced."""

    def reserved(self, said: Sentence) -> bool:
        """Whether a sentence has a reserve."""
        return self._holds_back(said) and self._holds_back(said._replace(text=self.harmless.sub("", said.text)))

    def _holds_back(self, said: Sentence) -> bool:
        if self.begins:  # spaced
            return not self.reserve.isdisjoint(said.words)
        return any(map(said.text.__contains__, self.reserve))


@cache
def patterns_of(chinese: bool) -> Words:
    """Of a language."""
    table = read("stance/zh.json" if chinese else "stance/en.json")
    spaced = not chinese
    slots: dict[str, str] = table["slots"]

    def one_of(kind: str) -> str:
        phrases = table.get(kind, [])
        return f"(?:{'|'.join(_pattern(text, slots) for text in phrases)})"

    def some(kind: str, before: str = "", after: str = "") -> str:
        """Any number of them."""
        return f"(?:{before}{one_of(kind)}{after})*" if table.get(kind) else ""

    gap, end = (" ", r"\b ?") if spaced else ("", "")
    leads, tails, found = some("leads", after=gap), some("tails", before=gap), r"\b{}\b" if spaced else "{}"
    patterns = {
        "assent": one_of("assent") + end,
        "strong": one_of("strong") + end,
        "agrees": leads + one_of("agrees") + tails,
        "courtesy": leads + one_of("courtesy"),
        "no": some("no_leads" if table.get("no_leads") else "leads", after=gap) + one_of("no") + some("no_tails", before=gap),
        "declines": leads + one_of("declines") + some("still", before=gap),
        **{kind: found.format(one_of(kind)) for kind in ("harmless", "asks_in", "forward", "rhetorical", "spares")},
    }
    begins = _begins(table) if spaced else frozenset()
    compiled = {kind: re.compile(text) for kind, text in patterns.items()}
    return Words(**compiled, reserve=frozenset(table["reserve"]), begins=begins)


def _pattern(text: str, slots: dict[str, str]) -> str:
    """The regular expression of a phrase."""
    while (expanded := _SLOT.sub(lambda match: slots.get(match[1]) or _SLOTS[match[1]], text)) != text:
        text = expanded
    while (shorter := _OPTIONAL.sub(r"(\1)?", text)) != text:
        text = shorter
    return _GROUP.sub("(?:", text)


def _begins(table: dict[str, Any]) -> frozenset[str]:
    """Whatever a phrase may begin with, and more: all words of these phrases and of the slots, with and without a letter that
    may be left out (`enroll?`)."""
    said = " ".join([*table["leads"], *table["assent"], *table["agrees"], *table["courtesy"], *table["slots"].values()])
    return frozenset(_LETTERS.findall(said) + _LETTERS.findall(re.sub(r"[a-z]\?", "", said)))
