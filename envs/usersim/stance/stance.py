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
from functools import lru_cache
from typing import Literal

from envs.usersim.stance.language import Words, patterns_of
from envs.usersim.stance.sentences import Sentence, sentences

Kind = Literal["assent", "agrees", "courtesy", "other"]
"""Of a phrase."""


@lru_cache(maxsize=1)  # the parser and the transition ask the same of a turn, one after the other
def says_yes(utterance: str) -> bool:
    """Whether it agrees to what was asked or offered."""
    said = sentences(utterance)
    kinds = [_kinds(one) for one in said]
    return any("agrees" in kind for kind in kinds) or _assents(said, kinds)


def refuses(utterance: str) -> bool:
    """Whether it turns down what was asked or offered."""
    return any(_declines(one, patterns_of(one.chinese)) for one in sentences(utterance))


def _kinds(said: Sentence) -> Sequence[Kind]:
    """Of the phrases of a sentence that could be a yes, else none."""
    words = patterns_of(said.chinese)
    if said.asks:
        return ("agrees",) if words.asks_in.search(said.text) else ()
    return () if words.reserved(said) else [_kind(phrase, words) for phrase in said.phrases]


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


def _assents(said: Sequence[Sentence], kinds: Sequence[Sequence[Kind]]) -> bool:
    """Whether a sentence is nothing but assent, and no other takes it back."""
    bare = ["assent" in kind and "other" not in kind for kind in kinds]
    if not any(bare):
        return False
    plain = [one for one, is_bare in zip(said, bare, strict=True) if is_bare]
    strong = any(patterns_of(one.chinese).strong.match(phrase) for one in plain for phrase in one.phrases)
    return all(is_bare or _goes_on(one, strong) for one, is_bare in zip(said, bare, strict=True))


def _goes_on(said: Sentence, strong: bool) -> bool:
    """Whether a sentence beside a bare assent leaves it standing."""
    words = patterns_of(said.chinese)
    return strong and words.forward.search(said.text) is not None if said.asks else not words.reserved(said)


def _declines(said: Sentence, words: Words) -> bool:
    if said.asks:
        return words.rhetorical.search(said.text) is not None
    if words.spares.search(said.text):
        return False
    phrases = said.phrases
    if all(words.no.fullmatch(phrase) or words.courtesy.fullmatch(phrase) for phrase in phrases):
        return any(map(words.no.fullmatch, phrases))
    return any(map(words.declines.fullmatch, phrases))
