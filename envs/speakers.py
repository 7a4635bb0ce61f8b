"""Speakers that need no model. Gym-specific ones live with their gym and are found here by gym, role and seed.

Invariant: a scripted speaker reads nothing but the views it is given, and its words depend on those and its seed only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from envs.base import Role, Speaker, Utterance, View
from envs.registry import entry, unknown


class ConstantSpeaker:
    """Says the same thing every time."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def speak(self, view: View) -> Utterance:
        return Utterance(self.text)


class FixedScript:
    """The same turns in every episode; the last is repeated."""

    def __init__(self, utterances: Sequence[str]) -> None:
        self.utterances, self._turn = utterances, 0

    async def speak(self, view: View) -> Utterance:
        self._turn += 1
        return Utterance(self.utterances[min(self._turn, len(self.utterances)) - 1])


class Nobody:
    """The partner of a gym that has none: it is there, and never asked."""

    async def speak(self, view: View) -> Utterance:
        raise RuntimeError(f"A gym without a partner asked for the {view.role}'s words.")


def scripted(gym_name: str, role: Role, seed: int) -> Speaker:
    """A new scripted speaker for one episode. Agents speak the bracket wire. A gym that has no partner has `Nobody`."""
    speakers = entry(gym_name).scripted
    if role not in speakers and role in get_args(Role) and role != entry(gym_name).gym.acting:
        return Nobody()
    if role not in speakers:
        raise unknown(f"scripted speaker of {gym_name} for the role", role, speakers)
    return speakers[role](seed)
