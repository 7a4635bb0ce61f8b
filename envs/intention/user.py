"""The scripted user of IntentionGym.

Contract: reads `View.known` and the question, nothing else; tells a value only when asked for it by a question it understands.
"""

from __future__ import annotations

import random
from typing import Any

from envs.base import Utterance, View
from envs.intention.catalogue import SLOTS, VALUES, inquiries
from envs.intention.grammar import facts, topic
from envs.intention.wording import NO_MATTER, RICH_REPLIES, RICH_TOLD, RICH_VAGUE, TERSE, TOLD, VAGUE
from envs.text import questions

_FORMS = {slot: inquiries(slot) for slot in SLOTS}


def contradict(reply: str, rng: random.Random) -> str | None:
    """Another value for the thing a reply is about; None if it states no value of the catalogue."""
    for slot, value in facts(reply):
        return TERSE.format(slot=slot, value=rng.choice([other for other in VALUES[slot] if other != value]))
    return None


class IntentionUser:
    """Tersely for generated tasks (slot and value side by side), in sentences for all others."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"intention user {seed}")

    async def speak(self, view: View) -> Utterance:
        details = {detail["slot"]: detail for detail in view.known["details"]}
        reply = self._terse if view.known["source"] == "generated" else self._rich
        asked = questions(view.messages[-1].content) or [""]
        return Utterance(" ".join(reply(question, details) for question in asked))

    def _terse(self, question: str, details: dict[str, Any]) -> str:
        slot = topic(question, _FORMS | {slot: detail["inquiries"] for slot, detail in details.items()})
        if slot is None:
            return VAGUE
        if slot not in details:
            return NO_MATTER
        return TOLD if details[slot]["told"] else TERSE.format(slot=slot, value=details[slot]["value"])

    def _rich(self, question: str, details: dict[str, Any]) -> str:
        slot = topic(question, {slot: detail["inquiries"] for slot, detail in details.items()})
        if slot is None:
            return RICH_VAGUE
        if details[slot]["told"]:
            return RICH_TOLD
        return self._rng.choice(RICH_REPLIES).format(slot=slot.replace("_", " "), value=details[slot]["value"])
