"""Whether the customer was told what it had to be told.

Invariants (tested)
- Case and the commas of thousands do not matter.
- Strictly, an output counts as a whole word or number, and only in an utterance with few figures: who reels off numbers, or the
  whole database, has told the customer nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_FIGURES = 8
"""How many numbers an utterance may hold and still tell one."""

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FIGURE = re.compile(r"\d[\d.:]*")


def told(output: str, utterances: Sequence[str], *, strict: bool) -> bool:
    """Whether one of the utterances tells an output."""
    return any((_tells if strict else _holds)(output.casefold(), utterance.casefold()) for utterance in utterances)


def _holds(output: str, utterance: str) -> bool:
    """tau-bench's rule: anywhere in the text, without its commas."""
    return output in utterance.replace(",", "")


def _tells(output: str, utterance: str) -> bool:
    if len(_FIGURE.findall(utterance)) > MOST_FIGURES:
        return False
    whole = rf"(?<![\w.:]){re.escape(_THOUSANDS.sub('', output))}(?![\w:]|\.\d)"
    return re.search(whole, _THOUSANDS.sub("", utterance)) is not None
