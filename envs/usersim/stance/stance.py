"""Whether an utterance says yes or no, sentence by sentence and phrase by phrase.

Reading
- A yes: every phrase of a sentence assents or goes along and one is more than polite, or one phrase agrees in so many words
  ("I'll take it"); nothing in the sentence is a reserve (a negation, a condition, another day).
- Bare assent ("Okay.") is no yes if another sentence asks or has a reserve: it may only mean "heard". After a strong one
  ("Yes.") a question of how it goes on is none.
- A no: a phrase turns down, in a sentence that neither asks nor spares.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Literal

from envs.usersim.stance import chinese, english
from envs.usersim.stance.sentences import Sentence, sentences

Kind = Literal["assent", "agrees", "courtesy", "other"]
"""Of a phrase."""


def says_yes(utterance: str) -> bool:
    """Whether it agrees to what was asked or offered."""
    said = [(one, () if one.asks else _kinds(one)) for one in sentences(utterance)]
    return any(_agrees(one, kinds) for one, kinds in said) or _assents(said)


def refuses(utterance: str) -> bool:
    """Whether it turns down what was asked or offered."""
    return any(_declines(one) for one in sentences(utterance))


def _agrees(said: Sentence, kinds: Sequence[Kind]) -> bool:
    """Whether a phrase agrees in so many words, without a reserve in the sentence."""
    if said.asks:
        return any(map(_words(said).ASKS_IN.fullmatch, said.phrases))
    return "agrees" in kinds and not _reserved(said)


def _assents(said: Sequence[tuple[Sentence, Sequence[Kind]]]) -> bool:
    """Whether a sentence is nothing but assent, and no other takes it back."""
    plain = [one for one, kinds in said if not one.asks and "other" not in kinds and "assent" in kinds]
    if not plain or any(map(_reserved, plain)):
        return False
    strong = any(_words(one).STRONG.match(phrase) for one in plain for phrase in one.phrases)
    return all(one in plain or _goes_on(one, strong) for one, _ in said)


def _goes_on(said: Sentence, strong: bool) -> bool:
    """Whether a sentence beside a bare assent leaves it standing."""
    if said.asks:
        return strong and _words(said).FORWARD.search(said.text) is not None
    return not _reserved(said)


def _declines(said: Sentence) -> bool:
    words = _words(said)
    if said.asks:
        return words.RHETORICAL.search(said.text) is not None
    if words.SPARES.search(said.text):
        return False
    if all(words.NO.fullmatch(phrase) or words.COURTESY.fullmatch(phrase) for phrase in said.phrases):
        return any(map(words.NO.fullmatch, said.phrases))
    return any(words.DECLINES.fullmatch(phrase) for phrase in said.phrases)


def _kinds(said: Sentence) -> list[Kind]:
    words = chinese if said.chinese else english
    return [_kind(phrase, words) for phrase in said.phrases]


def _kind(phrase: str, words: ModuleType) -> Kind:
    if words.BEGINS and phrase.partition(" ")[0] not in words.BEGINS:  # most phrases, at little cost
        return "other"
    at = 0
    while match := words.ASSENT.match(phrase, at):
        at = match.end()
    if at == len(phrase):
        return "assent"
    if words.COURTESY.fullmatch(phrase, at):
        return "assent" if at else "courtesy"
    return "agrees" if words.AGREES.fullmatch(phrase, at) or (at and words.AGREES.fullmatch(phrase)) else "other"


def _reserved(said: Sentence) -> bool:
    words = _words(said)
    return words.RESERVE.search(words.HARMLESS.sub("", said.text)) is not None


def _words(said: Sentence) -> ModuleType:
    return chinese if said.chinese else english
