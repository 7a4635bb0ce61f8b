"""The small language of TelepathyGym, and the only code that reads it.

    question   the one sentence that ends with "?"; it is about the attribute of whose model questions one has the same words,
               function words aside. A question that has the words of a thing's name asks whether it is that thing.
    answer     one of the closed answers, and nothing else
    guess      the words of a name, in any order, function words aside

Invariants
- What does not parse means nothing: the honest reply is "maybe", never an error. A negated question does not parse.
- Texts are read as `envs.text` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from envs.closed import Answer
from envs.telepathy.attributes import QUESTIONS, Origin, Source
from envs.telepathy.things import things
from envs.text import questions, words

Meaning = tuple[str, ...]
"""The words that carry meaning, sorted."""

_ASKING = frozenset(
    {"is", "it", "its", "a", "an", "the", "could", "be", "would", "you", "your", "call", "does", "do", "can", "of"}
    | {"made", "make", "by", "to", "at", "in", "on", "or", "and"}
)
_GUESSING = frozenset(["is", "it", "a", "an", "the", "i", "think", "my", "guess"])


def attribute(text: str, source: Origin) -> str | None:
    """The attribute a text asks about; None if it asks nothing, several things, or what nobody knows."""
    return None if source == "userrl" else _attributes(source).get(_question(text))


def truth(text: str, source: Origin, names: Iterable[str], facts: Mapping[str, Answer]) -> Answer | None:
    """The honest answer about a thing of these names and facts; None where there is no telling."""
    asked = attribute(text, source)
    if asked is not None:
        return facts[asked]
    named = _question(text)
    if any(named == _meaning(name, _ASKING) for name in names):
        return "yes"
    return "no" if source != "userrl" and named in _names(source) else None


def is_name(guess: str, names: Iterable[str]) -> bool:
    """Whether a guess is one of the names and nothing more."""
    return any(_meaning(guess, _GUESSING) == _meaning(name, _GUESSING) for name in names)


def _question(text: str) -> Meaning:
    asked = questions(text)
    return _meaning(asked[0], _ASKING) if len(asked) == 1 else ()


def _meaning(text: str, function: frozenset[str]) -> Meaning:
    return tuple(sorted(word for word in words(text) if word not in function))


@lru_cache(maxsize=2)
def _attributes(source: Source) -> dict[Meaning, str]:
    table = QUESTIONS[source]
    return {_question(form): name for name, forms in table.items() for split in forms.values() for form in split}


@lru_cache(maxsize=2)
def _names(source: Source) -> frozenset[Meaning]:
    return frozenset(_meaning(name, _ASKING) for thing in things(source) for name in (thing.name, *thing.aliases))
