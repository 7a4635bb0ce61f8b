"""Agent text on its way into a user's prompt: without anything that reads as a tag of ours, inside a block of its own.

Invariants
- The `<` of whatever looks like a reserved tag, in any case and spacing, becomes U+2039. Nothing else changes, so what an agent
  says can still be quoted; `sanitised` is idempotent.
- The text cannot close its block: the block's own tag is reserved, too.
"""

from __future__ import annotations

import re
import unicodedata

from envs.usersim.trace.grammar import RESERVED

BLOCK = "agent_said"
MARK = "\u2039"
LOOKALIKE = re.compile(rf"[<\uff1c\ufe64](?=[\s/]{{0,8}}(?:{'|'.join((*RESERVED, BLOCK))})\b)", re.IGNORECASE)
"""The first character of what looks like a reserved tag: also full-width and small `<`, and some space or slashes."""


def sanitised(text: str) -> str:
    """The text without reserved tags."""
    return LOOKALIKE.sub(MARK, text) if "<" in text or "\uff1c" in text or "\ufe64" in text else text


def quotable(text: str) -> str:
    """What a user can quote of it: as it was shown, in NFC, which is what turns are read in."""
    return unicodedata.normalize("NFC", sanitised(text))


def data_block(text: str) -> str:
    """What the agent said, as data in a prompt."""
    return f"<{BLOCK}>\n{sanitised(text)}\n</{BLOCK}>"
