"""A speaker's words as demonstrations: what it was shown each time, and what it said to it."""

from __future__ import annotations

from envs.base import Demonstration, Message, Role, Speaker, Utterance, View


class Recorder:
    """Speaks as another speaker does, and keeps it."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._said: list[tuple[View, Utterance]] = []

    async def speak(self, view: View) -> Utterance:
        utterance = await self._speaker.speak(view)
        self._said.append((view, utterance))
        return utterance

    def demonstrations(self, gym: str, task_id: str, role: Role) -> list[Demonstration]:
        """One per utterance, in order."""
        return [
            Demonstration(gym, task_id, role, (Message("system", view.system), *view.messages, Message("assistant", said.text)))
            for view, said in self._said
        ]
