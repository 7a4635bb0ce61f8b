"""The small language of SearchGym, and the only code that reads it.

    sentence   one of a relation's sentences: it states one fact
    phrase     a relation's phrase around another phrase or a name: "the mayor of the birthplace of Orla Venmere"
    question   a frame around a phrase
    result     "1. Title: text", one per line

Invariants
- `read_question(write_question(...))` gives back start and chain, in the wording of both splits (tested).
- What does not parse means nothing, never an error.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from envs.base import Split
from envs.search.relations import FRAMES, RELATIONS
from envs.search.world import Article
from envs.text import sentences, words


class Fact(NamedTuple):
    """`y` is what the relation leads to from `x`."""

    relation: str
    x: str
    y: str


class Question(NamedTuple):
    """Where to start and which relations to follow, one after the other."""

    start: str
    chain: tuple[str, ...]


def write_question(question: Question, split: Split, rng: random.Random) -> str:
    """A question in a split's wording."""
    phrase = question.start
    for relation in question.chain:
        phrase = RELATIONS[relation].phrase[split].format(x=phrase)
    return rng.choice(FRAMES[split]).format(phrase)


def read_question(text: str) -> Question | None:
    """What a question asks for; None for any other text."""
    framed = (pattern.fullmatch(text.strip()) for pattern in _FRAMES)
    return next((question for match in framed if match for question in _read_phrase(match[1]) if question.chain), None)


@lru_cache(maxsize=2048)
def facts(text: str) -> tuple[Fact, ...]:
    """The facts that a text's sentences state."""
    return tuple(fact for sentence in sentences(text) if (fact := _fact(sentence)))


def write_results(articles: Sequence[Article]) -> str:
    """Search results as they are shown."""
    return "\n".join(f"{place}. {article.title}: {article.text}" for place, article in enumerate(articles, start=1))


def read_results(text: str) -> list[Article]:
    """The results among the lines of a text."""
    found = [_RESULT.fullmatch(line) for line in text.splitlines()]
    return [Article(match[1], match[2]) for match in found if match]


def normalised(answer: str) -> str:
    """Lower case letters and digits, nothing else; two answers with the same are the same."""
    return "".join(words(answer))


def _read_phrase(phrase: str) -> Iterator[Question]:
    """All ways to read a phrase; a name is what no relation's phrase fits."""
    if not phrase.startswith("the "):
        yield Question(phrase, ())
        return
    for relation, pattern in _PHRASES:
        if match := pattern.fullmatch(phrase):
            for inner in _read_phrase(match[1]):
                if not inner.chain or RELATIONS[inner.chain[-1]].target == RELATIONS[relation].source:
                    yield Question(inner.start, (*inner.chain, relation))


def _fact(sentence: str) -> Fact | None:
    for relation, pattern in _SENTENCES:
        if match := pattern.fullmatch(sentence):
            return Fact(relation, match["x"], match["y"])
    return None


def _pattern(text: str, **parts: str) -> re.Pattern[str]:
    """Matches the text with any of what the pattern of a part allows at the part's place."""
    pattern = re.escape(text)
    for part, allowed in parts.items():
        pattern = pattern.replace(re.escape(f"{{{part}}}"), allowed)
    return re.compile(pattern)


_RESULT = re.compile(r"\d+\. ([^:]+): (.+)")
_NAME = "(?P<{}>[A-Z0-9][\\w ]*)"
_FRAMES = [_pattern(frame, **{"": "(.+)"}) for frames in FRAMES.values() for frame in frames]
_PHRASES = [(name, _pattern(phrase, x="(.+)")) for name, each in RELATIONS.items() for phrase in each.phrase.values()]
_SENTENCES = [
    (name, _pattern(sentence, x=_NAME.format("x"), y=_NAME.format("y")))
    for name, each in RELATIONS.items()
    for sentence in each.sentences
]
