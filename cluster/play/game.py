"""One conversation with a person in it, and its rows.

Invariant: what was said is in `rows` whatever ended the conversation. One that was broken off has a status other than ok, no
score, and all that was said until then, the last words without an answer included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import envs
from actors.human import HumanSpeaker, Seat
from actors.rollout import GroupRequest, SpeakerFactory, empty_row, filled_rows
from actors.speaker import derived_seed
from cluster.play.rating import Rating
from envs.base import Gym, Judge, Role, Speaker, StepResult, Task
from envs.conversation import Episode, PlayedTurn, converse
from envs.tool import Wire
from rewards.trajectory import OK, Row

HUMAN = "human"
LEFT = "left"
"""The status of a conversation that the person left."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Who plays what with whom."""

    task: Task
    role: Role
    """The person's."""
    seed: int
    params: Mapping[str, Any]
    other: str
    """Who plays the other role, as rows name it."""
    wire: Wire = "bracket"
    """Of an acting model."""


class Game:
    """To be made in the event loop it is played in."""

    def __init__(self, setting: Setting, seat: Seat, other: SpeakerFactory, judge: Judge) -> None:
        self._setting = setting
        self._request = GroupRequest(setting.task, 0, 0, (setting.seed,))
        entry = envs.registry.entry(setting.task.gym)
        self._acts = setting.role == entry.gym.acting
        person, opposite = HumanSpeaker(seat), other(self._request, self._seed("partner" if self._acts else "acting"))
        self._acting: Speaker = person if self._acts else opposite
        partner = opposite if self._acts else person
        self.gym: Gym = envs.create(setting.task.gym, partner, judge, **setting.params)
        self._episode = Episode()

    async def play(self) -> None:
        """Raises Left, and what user, judge or engine raise."""
        view = self.gym.reset(self._setting.task, self._setting.seed)
        wire = "bracket" if self._acts else self._setting.wire
        await converse(self.gym, view, self._acting, wire=wire, episode=self._episode)

    @property
    def last_heard(self) -> str:
        """By the acting role."""
        return self._episode.messages[-1].content

    def rows(self, number: int, rating: Rating, status: str = OK, error: str | None = None) -> list[Row]:
        """The episode as the `number`-th of its folder."""
        setting, episode = self._setting, self._episode
        if status != OK:
            self._unanswered()
        request = replace(self._request, group_id=number)
        row = empty_row(request, 0, setting.other if self._acts else HUMAN)
        rows = filled_rows(row, self._acting, HUMAN if self._acts else setting.other, episode)
        told = {"human": {"seat": setting.role, **asdict(rating)}} | ({"error": error} if error else {})
        for row in rows:
            if status != OK:
                row.status, row.score, row.success, row.ended = status, None, None, ""
        rows[0].state = json.dumps({**(episode.state or self.gym.state()), **told}, ensure_ascii=False)
        return rows

    def _unanswered(self) -> None:
        """The last words count as a turn that brought nothing."""
        episode = self._episode
        if episode.messages and episode.messages[-1].role == "assistant":
            episode.turns.append(PlayedTurn(self.gym.signature(), "stop", False, StepResult("")))

    def _seed(self, role: str) -> int:
        return derived_seed(self._setting.seed, role)
