"""Who plays KeysGym by rule: the agent that is imitated, the baselines, the conversations they leave."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envs.base import Demonstration, Role, Speaker, Utterance, View
from envs.conversation import converse, drive
from envs.recorder import Recorder
from envs.speakers import ConstantSpeaker
from envs.turns import unrewarded
from envs.verdicts import RuleJudge

from .gym import ROOMS, YES, KeysGym, KeysTask, KeysUser, load


class Finder:
    """Asks room by room until one is confirmed, and names it; `hasty` is how often it names the next one unasked."""

    def __init__(self, seed: int, hasty: float = 0.1) -> None:
        self._rng = random.Random(f"keys {seed}")
        self._left = self._rng.sample(ROOMS, len(ROOMS))
        self._room, self._hasty = "", hasty

    async def speak(self, view: View) -> Utterance:
        if self._room and (unrewarded(view.messages[-1].content) == YES or not self._left):
            return Utterance(f"[answer] {self._room}")
        self._room = self._left.pop()
        hasty = self._rng.random() < self._hasty
        return Utterance(f"[answer] {self._room}" if hasty else f"[action] Is it in the {self._room}?")


def oracle(seed: int) -> Finder:
    return Finder(seed, hasty=0)


def demonstrations(
    role: Role, count: int, seed: int, *, params: Mapping[str, Any] | None = None, **noise: float
) -> list[Demonstration]:
    """Conversations of the finder, over train tasks; of the user, each reply is one."""
    tasks, shown, number = load("train"), list[Demonstration](), 0
    while len(shown) < count:
        task, user = tasks[number % len(tasks)], Recorder(KeysUser())
        gym = KeysGym(user, RuleJudge(), **(params or {}))
        finder = Finder(random.Random(f"keys {seed} {number}").getrandbits(32), **noise)
        said = drive(converse(gym, gym.reset(task, number), finder)).messages[:-1]  # nobody speaks after the last feedback
        agent = [Demonstration(gym.name, task.id, "agent", tuple(said))]
        shown += agent if role == "agent" else user.demonstrations(gym.name, task.id, "user")
        number += 1
    return shown[:count]


def baselines(train_tasks: Sequence[KeysTask]) -> dict[str, Callable[[int], Speaker]]:
    """What a score is held against; only the oracle reads."""
    usual = Counter(task.room for task in train_tasks).most_common(1)[0][0]
    return {
        "random": lambda seed: ConstantSpeaker(f"[answer] {random.Random(seed).choice(ROOMS)}"),
        "best_fixed_script": lambda seed: ConstantSpeaker(f"[answer] {usual}"),
        "oracle": oracle,
    }
