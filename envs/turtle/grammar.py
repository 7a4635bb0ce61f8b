"""The small language of TurtleGym, and the only code that reads it.

    question      the one sentence that ends with "?"; it starts as a yes-no question does, denies nothing, and its words mean
                  one fact of the catalogue
    answer        one of the closed answers, and nothing else (`wording.heard`)
    explanation   statements; one that denies says what did not happen, a question says nothing

Invariants
- What does not parse means nothing: the honest reply is "maybe", never an error.
- An explanation that hedges, that names two values of a kind, that both says and denies a value, or that is longer than
  `MOST_WORDS` words states nothing at all: who lists what may be does not know what is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from envs.closed import Answer
from envs.text import questions, sentences, words
from envs.turtle.catalogue import Fact, catalogue
from envs.turtle.wording import Origin, Source

MOST_WORDS = 80
"""Five clauses take about thirty."""

_ASKING = frozenset(
    ["is", "was", "were", "are", "did", "does", "do", "has", "have", "had", "can", "could", "would", "will", "should"]
)
_DENYING = frozenset(
    {"not", "no", "never", "nobody", "nothing", "neither", "nor", "none", "without", "false", "untrue"}
    | {"t", "isn", "wasn", "didn", "doesn", "don"}
)
_HEDGING = frozenset(["or", "either", "maybe", "perhaps", "possibly", "might", "may", "could", "alternatively", "otherwise"])


def asked(text: str, source: Origin) -> Fact | None:
    """The fact a text asks about; None if it asks nothing, several things, or what nobody knows."""
    if source == "userrl":
        return None
    found = questions(text)
    said = words(found[0]) if len(found) == 1 else ()
    if not said or said[0] not in _ASKING or _DENYING.intersection(said):
        return None
    facts = {fact.name: fact for word in said if (fact := catalogue(source).meaning.get(word))}
    return next(iter(facts.values())) if len(facts) == 1 else None


def truth(text: str, source: Origin, values: Collection[str]) -> Answer | None:
    """The honest answer about a story of these values; None where there is no telling."""
    fact = asked(text, source)
    if fact is None:
        return None
    return "yes" if fact.values.intersection(values) else "no"


def stated(text: str, source: Source) -> frozenset[str]:
    """The values an explanation states; none if it does not commit itself."""
    said = words(text)
    if len(said) > MOST_WORDS or _HEDGING.intersection(said):
        return frozenset()
    plain = [words(sentence) for sentence in sentences(text) if not sentence.endswith("?")]
    told = _values((word for part in plain if not _DENYING.intersection(part) for word in part), source)
    denied = _values((word for part in plain if _DENYING.intersection(part) for word in part), source)
    if told & denied or len({catalogue(source).facts[value].kind for value in told}) < len(told):
        return frozenset()
    return told


def _values(said: Iterable[str], source: Source) -> frozenset[str]:
    meant = (catalogue(source).meaning.get(word) for word in said)
    return frozenset(fact.name for fact in meant if fact and fact.is_value)
