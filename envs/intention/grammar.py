"""The small language of IntentionGym, and the only code that reads it. No task data, no state.

    question   a sentence that ends with "?"; it is about the topic whose model question shares most of its words (OVERLAP)
    fact       `slot value` or `slot is value`, in requests and replies
    told       a reply in sentences: one of RICH_REPLIES, with a slot of the request and whatever value it was given
    answer     item (";" item)*, item = label ":" value | name " " value; a name is a detail's slot or description, a label is
               any words that contain the names of one detail only, or are a name themselves

Invariants
- What does not parse means nothing: it is too vague, never an error.
- Texts are read as `envs.text` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

from envs.intention.catalogue import SLOTS, VALUES
from envs.intention.wording import RICH_REPLIES
from envs.text import sentences, words

Fact = tuple[str, str]
"""A slot and its value."""
OVERLAP = 0.6
"""Share of common words from which a question counts as a model question, or a stated value as the true one."""


def _vocabulary(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ASKING = _vocabulary(
    "what which who whose when where why how tell give name say state describe explain specify share "
    "do does did is are was were can could would will should may might please"
)
_FUNCTION = _vocabulary(
    "what which the a an is are was were do does did you your want would like need prefer should will be can could "
    "of for to in on at it this that there and or please have"
)
_ARTICLES = _vocabulary("a an the is")
_VALUE = "VALUE"
_VALUE_WORDS = frozenset(value for values in VALUES.values() for value in values)


def count_questions(text: str, names: Collection[str]) -> int:
    """How many things a text asks for. A sentence asks for every slot it names, and for one thing if it only looks asking."""
    return sum(max(_asks(sentence), len(set(words(sentence)).intersection(names))) for sentence in sentences(text))


def topic(question: str, inquiries: Mapping[str, Iterable[str]]) -> str | None:
    """The one topic a sentence asks about, given each topic's model questions; None if none or two fit best."""
    scores = {name: max((_overlap(question, form) for form in forms), default=0.0) for name, forms in inquiries.items()}
    best = max(scores.values(), default=0.0)
    found = [name for name, score in scores.items() if score == best]
    return found[0] if best >= OVERLAP and len(found) == 1 else None


def facts(text: str) -> list[Fact]:
    """Every slot of the catalogue that is stated with a value, in order."""
    found = [word for word in words(text) if word != "is"]
    return [(slot, value) for slot, value in pairwise(found) if slot in SLOTS and value in _VALUE_WORDS]


def told(text: str, slots: Iterable[str]) -> list[Fact]:
    """Every one of the slots that a reply in sentences states, with its value as it was said."""
    found: list[Fact] = []
    for slot in slots:
        forms = (re.escape(form.format(slot=slot.replace("_", " "), value=_VALUE)) for form in RICH_REPLIES)
        said = re.search("|".join(form.replace(_VALUE, "(.+?)") for form in forms), text)
        found += [(slot, next(filter(None, said.groups())))] if said else []
    return found


def answers(text: str, names: Mapping[str, str]) -> dict[str, str]:
    """What an answer states by slot; `names` leads from each accepted name to its slot. A slot named twice states nothing."""
    stated: dict[str, str] = {}
    for item in re.split(r"[;\n]", text):
        label, colon, value = item.partition(":")
        slot, value = (_labelled(label, names), value) if colon else _led(item, names)
        if slot is not None:
            stated[slot] = "" if slot in stated else value.strip()
    return stated


def right(stated: str, truth: str) -> bool:
    """Whether a stated value is the true one: no word that is not in it, and enough of those that are."""
    said, true = set(words(stated)) - _ARTICLES, set(words(truth)) - _ARTICLES
    return bool(said) and said <= true and len(said) >= OVERLAP * len(true)


def _asks(sentence: str) -> bool:
    return sentence.endswith("?") or words(sentence)[0] in _ASKING


def _overlap(left: str, right: str) -> float:
    """Shared words, of all words and of those that carry meaning, whichever is less."""
    a, b = frozenset(words(left)), frozenset(words(right))
    return min(_jaccard(a, b), _jaccard(a - _FUNCTION, b - _FUNCTION))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0


def _labelled(label: str, names: Mapping[str, str]) -> str | None:
    """The slot a label names."""
    said = words(label)
    exact = {slot for name, slot in names.items() if words(name) == said}
    inside = {slot for name, slot in names.items() if words(name) and set(words(name)) <= set(said)}
    found = exact or inside
    return found.pop() if len(found) == 1 else None


def _led(item: str, names: Mapping[str, str]) -> tuple[str | None, str]:
    """The slot and value of an item that starts with a name; the longest wins."""
    said = words(item)
    for name in sorted(names, key=len, reverse=True):
        head = words(name)
        if head and said[: len(head)] == head:
            return names[name], " ".join(said[len(head) :])
    return None, ""
