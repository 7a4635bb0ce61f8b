"""The length unit of section 6.4, the same for every language: `round(0.6 * CJK characters + 1.3 * words)`.

CJK characters are Han and kana; Korean is written with spaces and counts by words. Their punctuation separates words, so a
purely Chinese text has none.
"""

from __future__ import annotations

import re

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
MOST_PER_CHARACTER = 1.3
_CJK = re.compile(f"[{CJK}]")
_NO_WORD = re.compile(f"[{CJK}\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+")


def units(text: str) -> int:
    """Length of a text in units, rounded half to even."""
    if text.isascii():
        return round(1.3 * len(text.split()))
    return round(0.6 * len(_CJK.findall(text)) + 1.3 * len(_NO_WORD.sub(" ", text).split()))
