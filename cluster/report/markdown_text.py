"""Text that anybody wrote, made fit for Markdown: models, servers and gyms may be called anything."""

from __future__ import annotations

import html

from cluster.terminal.safe_text import safe_line

MARKUP = str.maketrans({character: f"\\{character}" for character in "\\`*_[]|#!~"})


def plain(text: object) -> str:
    """Text that Markdown shows as it is, on one line."""
    return html.escape(safe_line(text), quote=False).translate(MARKUP)
