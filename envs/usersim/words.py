"""The words of a text: without case and punctuation, what phrases are looked for in; and without the names of a call."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+")
_LATIN = r"0-9A-Za-z_\u00c0-\u024f"
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ASCII = bytes(code if code < 128 and chr(code).isalnum() else ord(" ") for code in range(256))


def words_of(text: str) -> list[str]:
    """In their order. An underscore is punctuation, too."""
    if text.isascii():  # three times as fast
        return text.lower().encode().translate(_ASCII).decode().split()
    return _WORD.findall(text.casefold())


@dataclass(frozen=True, slots=True)
class Names:
    """Persons and firms of a call, and how to read a text as if nobody had one."""

    folded: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None

    @classmethod
    def of(cls, person: str | None, firm: str | None) -> Names:
        """A name of one word counts only as it is written ("Will", not "will"), one of several in any case."""
        person, firm = person or "", firm or ""
        names = sorted({name for name in (person, firm, *person.split()) if name}, key=len, reverse=True)
        known = [_whole(name) for name in names]
        shortest = {name.casefold() for name in (firm, *person.split()) if name}
        return cls(tuple(shortest), re.compile("|".join(known)) if known else None)

    def among(self, text: str) -> bool:
        """Whether one of them may be in the text."""
        folded = text.casefold()
        return any(map(folded.__contains__, self.folded))

    def without(self, text: str) -> str:
        """The text with one and the same word for every name."""
        return self.pattern.sub("N", text) if self.pattern is not None and self.among(text) else text


def _whole(name: str) -> str:
    """A pattern of a name as a word of its own; where words are not spaced, anywhere."""
    if _UNSPACED.search(name):
        return re.escape(name)
    word = rf"(?<![{_LATIN}]){re.escape(name)}(?![{_LATIN}])"
    return f"(?i:{word})" if " " in name else word
