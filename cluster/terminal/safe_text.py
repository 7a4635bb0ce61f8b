"""Text that a model, a user or an exception wrote, made fit for a terminal.

Such text is hostile: it may carry sequences that move the cursor, set the window's title, turn the reading direction
round or hide words from people. Invariant: what `safe` returns has no control, format, surrogate or line-separator
character but newline and tab; whatever is invisible is spelled out, `\\x1b` and the like. Rich's markup is text of
another kind of danger: give rich a `Text`, never a string.
"""

from __future__ import annotations

import unicodedata

from rich.text import Text

SPELLED_OUT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories: control (ESC, C0, C1), format (bidi overrides, zero width, tags), surrogates, separators."""
KEPT = frozenset("\n\t\u200c\u200d")
"""Newline and tab; and the joiners, without which Persian, Hindi and emoji fall apart: they reorder and hide nothing."""


def safe(text: str) -> str:
    """The text with every character that a reader cannot see spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(c) if unicodedata.category(c) in SPELLED_OUT and c not in KEPT else c for c in text)


def safe_line(text: object) -> str:
    """The same on one line: a name with a line break in it could pass for the next line of a report."""
    return safe(str(text)).replace("\n", "\\n").replace("\t", "\\t")


def styled(text: str, style: str = "") -> Text:
    """`safe` text for rich, in which square brackets mean nothing."""
    return Text(safe(text), style)


def styled_line(text: object, style: str = "") -> Text:
    """`safe_line` for rich."""
    return Text(safe_line(text), style)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
