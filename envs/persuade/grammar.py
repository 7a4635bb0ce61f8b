"""The small language of PersuadeGym, and the only code that reads it.

    argument   at most `MOST_WORDS` words; one in `SHARE` of its words of meaning stands in the claim; it names one topic, in a
               statement that objects and denies nothing
    hint       a question that names one topic

Invariant: what does not parse gives no reason. A list of topics gives none of them, and who supports the claim objects to
nothing. Words of the claim itself name no topic.
"""

from __future__ import annotations

from collections.abc import Iterable

from envs.persuade.topics import TOPICS
from envs.text import questions, sentences, words

MOST_WORDS = 60
SHARE = 8

_DENYING = frozenset(
    {"not", "no", "never", "nobody", "nothing", "neither", "nor", "none", "without", "t", "isn", "don", "doesn", "hardly"}
)
_OBJECTING = frozenset(
    {"waste", "wastes", "risk", "risks", "harm", "harms", "lack", "lacks", "hurt", "hurts", "limit", "limits", "kill", "kills"}
    | {"end", "ends", "bad", "worse", "lose", "loses", "destroy", "destroys", "damage", "damages", "threaten", "threatens"}
    | {
        "expensive",
        "dangerous",
        "unsafe",
        "unfair",
        "cost",
        "costs",
        "take",
        "takes",
        "against",
        "ruin",
        "ruins",
        "spoil",
        "spoils",
        "unequal",
    }
)
_FUNCTION = frozenset(
    {
        "a",
        "an",
        "the",
        "every",
        "all",
        "each",
        "any",
        "is",
        "are",
        "be",
        "it",
        "its",
        "in",
        "on",
        "of",
        "to",
        "for",
        "from",
        "by",
    }
    | {"and", "or", "but", "with", "at", "as", "than", "that", "this", "these", "those", "there", "should", "must", "would"}
    | {"can", "could", "will", "we", "you", "they", "he", "she", "i", "who", "what", "have", "has", "had", "do", "does", "need"}
    | {"needs", "belong", "belongs", "their", "his", "her", "our", "your", "one", "if", "so", "too", "very", "more", "most"}
)
_MEANING = {word: name for name, topic in TOPICS.items() for word in topic.words}


def subject(claim: str) -> str:
    """The words of meaning of a claim, in order."""
    return " ".join(dict.fromkeys(word for word in words(claim) if word not in _FUNCTION | _DENYING))


def reason(argument: str, claim: str) -> str | None:
    """The topic of which an argument gives a reason against a claim; None if it gives none."""
    said, about = words(argument), set(subject(claim).split())
    meant = [word for word in said if word not in _FUNCTION]
    shared = sum(word in about for word in meant)
    if len(said) > MOST_WORDS or not shared or SHARE * shared < len(meant) or len(_topics(said, about)) != 1:
        return None
    plain = (words(sentence) for sentence in sentences(argument) if not sentence.endswith("?"))
    objecting = (part for part in plain if _OBJECTING.intersection(part) and not _DENYING.intersection(part))
    return next((topic for part in objecting for topic in _topics(part, about)), None)


def reasons(arguments: Iterable[str], claim: str) -> list[str]:
    """The different topics of several arguments, in order."""
    found = (reason(argument, claim) for argument in arguments)
    return list(dict.fromkeys(topic for topic in found if topic is not None))


def hint(reply: str) -> str | None:
    """The topic that the last question of a reply asks about."""
    asked = questions(reply)
    topics = _topics(words(asked[-1]), set()) if asked else []
    return topics[0] if len(topics) == 1 else None


def _topics(said: Iterable[str], about: set[str]) -> list[str]:
    return list(dict.fromkeys(_MEANING[word] for word in said if word in _MEANING and word not in about))
