"""Whether an utterance is in a language that this person speaks (E26), by scripts and by function words.

Precision before recall: names, numbers and a few borrowed words are no other language; a short utterance is anybody's.
Languages that share a script are told apart only where both have a list of function words here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

SCRIPTS = {
    "latin": "A-Za-z\u00c0-\u024f\u1e00-\u1eff",
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "kana": "\u3040-\u30ff",
    "hangul": "\u1100-\u11ff\uac00-\ud7af",
    "cyrillic": "\u0400-\u052f",
    "greek": "\u0370-\u03ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f",
    "hebrew": "\u0590-\u05ff",
    "devanagari": "\u0900-\u097f",
    "thai": "\u0e00-\u0e7f",
}
WRITTEN_IN: dict[str, tuple[str, ...]] = {
    "zh": ("han",),
    "ja": ("kana", "han"),
    "ko": ("hangul", "han"),
    "ru": ("cyrillic",),
    "uk": ("cyrillic",),
    "el": ("greek",),
    "ar": ("arabic",),
    "fa": ("arabic",),
    "ur": ("arabic",),
    "he": ("hebrew",),
    "hi": ("devanagari",),
    "th": ("thai",),
}
"""Languages that are not written in Latin script."""
_LINES = {
    "en": "the and is are was you it that this what not for with have do does of to in on my me your be can if",
    "de": "der die das und ist nicht ich sie es ein eine für mit auf wie was aber wenn noch mir zu den dem wir",
    "es": "el la los las que y es no un una por para con pero como me lo se si del qué cuánto más mi en",
    "fr": "le la les et est pas un une je vous que pour avec mais ce qui ne du des combien dans sur il",
}
FUNCTION_WORDS: dict[str, frozenset[str]] = {language: frozenset(line.split()) for language, line in _LINES.items()}
DENSE = {"han": 3, "kana": 2, "hangul": 2}
"""How many letters a character counts for."""
FOREIGN_SHARE = 0.5
"""From this share of letters in foreign scripts on, an utterance is in another language."""
FEW_LETTERS = 8
FUNCTION_HITS = 3
"""So many different function words of another language at least, and twice as many as of all spoken ones together."""

_PATTERNS = {script: re.compile(f"[{ranges}]") for script, ranges in SCRIPTS.items()}


def foreign(utterance: str, words: Sequence[str], languages: Iterable[str]) -> str | None:
    """Which language or script an utterance is in, if it is none of the person's. `words`: casefolded."""
    scripts, known, others = _spoken(tuple(languages))
    script = _foreign_script(utterance, scripts)
    if script is not None:
        return script
    hits = others.intersection(words)
    if len(hits) < FUNCTION_HITS:
        return None
    needed = max(FUNCTION_HITS, 2 * len(known.intersection(words)))
    return next((name for name, function in FUNCTION_WORDS.items() if len(function & hits) >= needed), None)


@lru_cache(maxsize=256)
def _spoken(languages: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """The scripts of BCP-47 tags, their function words, and those of other languages alone."""
    spoken = tuple(language.partition("-")[0] for language in languages)
    scripts = frozenset(script for language in spoken for script in WRITTEN_IN.get(language, ("latin",)))
    return scripts, *_function_words(spoken)


def _function_words(spoken: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Those of the spoken languages, and those of others alone; none if a spoken one in Latin script has no list."""
    latin = [language for language in spoken if language not in WRITTEN_IN]
    if not all(language in FUNCTION_WORDS for language in latin):
        return frozenset(), frozenset()
    known = frozenset(word for language in latin for word in FUNCTION_WORDS[language])
    return known, frozenset(word for words in FUNCTION_WORDS.values() for word in words) - known


def _foreign_script(utterance: str, own: frozenset[str]) -> str | None:
    if "latin" in own and utterance.isascii():
        return None
    counts = {script: len(pattern.findall(utterance)) * DENSE.get(script, 1) for script, pattern in _PATTERNS.items()}
    letters = sum(counts.values())
    script = max((script for script in counts if script not in own), key=counts.__getitem__)
    return script if letters >= FEW_LETTERS and counts[script] >= FOREIGN_SHARE * letters else None
