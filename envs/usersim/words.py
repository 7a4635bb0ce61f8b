"""The words of a text without case and punctuation: what phrases are looked for in."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_ASCII = bytes(code if code < 128 and chr(code).isalnum() else ord(" ") for code in range(256))


def words_of(text: str) -> list[str]:
    """In their order. An underscore is punctuation, too."""
    if text.isascii():  # three times as fast
        return text.lower().encode().translate(_ASCII).decode().split()
    return _WORD.findall(text.casefold())
