"""From raw text to the insides of its top tags, or the fatal error that prevents it. E01 to E05, whatever the profile.

Invariants
- Nothing is mended: the text is brought to NFC, as section 6.4 says, and else read as it is.
- Linear time. Normalising long runs of combining marks is quadratic, so longer ones than Unicode's stream-safe form allows
  (30) are refused first, as control characters are.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from envs.usersim.trace.errors import Code, Findings
from envs.usersim.trace.grammar import BLANK

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Also what reverses the direction of reading, and lone surrogates, which UTF-8 does not have."""
_CONTROL_BYTES = bytes([*range(9), 11, 12, *range(14, 32), 127])
"""Those of them that are ASCII."""
_SHORT = 2000
"""Below this many characters no run of combining marks takes long."""
_LONGEST_RUN = 30


def control_character(text: str) -> str | None:
    """The first character that may not be in a turn."""
    if text.isascii() and len(text.encode().translate(None, _CONTROL_BYTES)) == len(text):  # ten times as fast
        return None
    found = _CONTROL.search(text)
    return found.group() if found else None


def normalised(text: str) -> str | None:
    """The text in NFC; None if it has too many combining marks in a row."""
    if text.isascii():
        return text
    if len(text) > _SHORT and _combining().search(text):
        return None
    return unicodedata.normalize("NFC", text)


def envelope(text: str, tags: tuple[str, ...], found: Findings) -> tuple[str, ...] | None:
    """What stands inside the top tags, in their order; None after a fatal finding. `text` is normalised."""
    bad = control_character(text)
    if bad is not None:
        found.add(Code.E01, f"U+{ord(bad):04X}")
        return None
    whole = whole_turn(tags).fullmatch(text)
    if whole is not None:
        return whole.groups()
    _diagnose(text, tags, found)
    return None


@lru_cache(maxsize=4)
def whole_turn(tags: tuple[str, ...], first: str = "") -> re.Pattern[str]:
    """Each top tag opened and closed once, in order, nothing between. `first`: a pattern of what the first one holds."""
    anything = f"([^<]*+(?:<(?!/?+(?:{'|'.join(tags)})>)[^<]*+)*+)"
    inside = [first or anything, *[anything] * (len(tags) - 1)]
    blank = f"[{BLANK}]*+"
    return re.compile(blank + blank.join(f"<{tag}>{held}</{tag}>" for tag, held in zip(tags, inside, strict=True)) + blank)


def _diagnose(text: str, tags: tuple[str, ...], found: Findings) -> None:
    """Say what is wrong with a text that the pattern of `whole_turn` does not match."""
    for mark in (f"<{slash}{tag}>" for tag in tags for slash in ("", "/")):
        count = text.count(mark)
        if count != 1:
            found.add(Code.E02 if count == 0 else Code.E03, f"{mark} is there {count} times")
    if found.level:
        return
    rest = text
    for tag in tags:
        gap, opened, rest = rest.partition(f"<{tag}>")
        _, closed, rest = rest.partition(f"</{tag}>")
        if not opened or not closed:
            _disordered(text, tags, found)
            return
        if gap.strip(BLANK):
            found.add(Code.E04, f"before <{tag}>: {gap.strip(BLANK)[:40]!r}")
    if rest.strip(BLANK):
        found.add(Code.E05, repr(rest.strip(BLANK)[:40]))


def _disordered(text: str, tags: tuple[str, ...], found: Findings) -> None:
    """Each mark is there once, but not in order: nested if one opens inside another, else out of order."""
    marks = sorted((text.index(f"<{slash}{tag}>"), slash, tag) for tag in tags for slash in ("", "/"))
    inside = ""
    for _, slash, tag in marks:
        if not slash and inside:
            found.add(Code.E03, f"<{tag}> inside <{inside}>")
        inside = "" if slash else tag
    found.add(Code.E04, "the order is " + " ".join(f"<{slash}{tag}>" for _, slash, tag in marks))


@lru_cache(maxsize=1)
def _combining() -> re.Pattern[str]:
    """A run of too many combining marks. All of them are below U+1F000."""
    marks = "".join(map(chr, filter(lambda point: unicodedata.combining(chr(point)), range(0x300, 0x1F000))))
    return re.compile(f"[{re.escape(marks)}]{{{_LONGEST_RUN + 1}}}")
