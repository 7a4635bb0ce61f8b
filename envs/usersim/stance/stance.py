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
from typing import Literal

from envs.usersim.stance.language import Words, words_of
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
        return any(map(_words(said).asks_in.fullmatch, said.phrases))
    return "agrees" in kinds and not _reserved(said)


def _assents(said: Sequence[tuple[Sentence, Sequence[Kind]]]) -> bool:
    """Whether a sentence is nothing but assent, and no other takes it back."""
    plain = [one for one, kinds in said if not one.asks and "other" not in kinds and "assent" in kinds]
    if not plain or any(map(_reserved, plain)):
        return False
    strong = any(_words(one).strong.match(phrase) for one in plain for phrase in one.phrases)
    return all(one in plain or _goes_on(one, strong) for one, _ in said)


def _goes_on(said: Sentence, strong: bool) -> bool:
    """Whether a sentence beside a bare assent leaves it standing."""
    if said.asks:
        return strong and _words(said).forward.search(said.text) is not None
    return not _reserved(said)


def _declines(said: Sentence) -> bool:
    words = _words(said)
    if said.asks:
        return words.rhetorical.search(said.text) is not None
    if words.spares.search(said.text):
        return False
    if all(words.no.fullmatch(phrase) or words.courtesy.fullmatch(phrase) for phrase in said.phrases):
        return any(map(words.no.fullmatch, said.phrases))
    return any(words.declines.fullmatch(phrase) for phrase in said.phrases)


def _kinds(said: Sentence) -> list[Kind]:
    words = _words(said)
    return [_kind(phrase, words) for phrase in said.phrases]


def _kind(phrase: str, words: Words) -> Kind:
    if words.begins and phrase.partition(" ")[0] not in words.begins:  # most phrases, at little cost
        return "other"
    at = 0
    while match := words.assent.match(phrase, at):
        at = match.end()
    if at == len(phrase):
        return "assent"
    if words.courtesy.fullmatch(phrase, at):
        return "assent" if at else "courtesy"
    return "agrees" if words.agrees.fullmatch(phrase, at) or (at and words.agrees.fullmatch(phrase)) else "other"


def _reserved(said: Sentence) -> bool:
    words = _words(said)
    return words.reserve.search(words.harmless.sub("", said.text)) is not None


def _words(said: Sentence) -> Words:
    return words_of("zh" if said.chinese else "en")
