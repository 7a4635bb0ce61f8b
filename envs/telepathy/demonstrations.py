"""Conversations to imitate, for the agent and for the user.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from generated train tasks only, in the train split's wording.
- An agent's conversation is played through the gym itself, so demonstrations and training have the same layout.
- A recap drill practises the guess alone: the questions before it are not imitated. It has the id of its task, whose secret
  it tells.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Message, Role, Speaker
from envs.closed import SAID
from envs.conversation import Episode, briefing, converse, drive
from envs.recorder import Recorder
from envs.telepathy.attributes import FEATURES, QUESTIONS
from envs.telepathy.expert import Demonstrator
from envs.telepathy.gym import TelepathyGym
from envs.telepathy.loader import load
from envs.telepathy.task import TelepathyTask
from envs.telepathy.user import TelepathyUser
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""
MOST_WRONG = 3
"""How many wrong words of a kind a drill asks for before the right one, at most."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of a role, and for the agent `recaps` drills after them.

    `params` are the gym's, so that what is imitated looks like what is played; `noise` is the `Demonstrator`'s.
    """
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"telepathy demonstrations {seed}").shuffle(tasks)
    if role == "user":
        return _user_demonstrations(tasks, count, seed, params, noise)
    shown = [_agent_demonstration(tasks[index % len(tasks)], f"{seed} {index}", params, noise) for index in range(count)]
    return shown + [_recap(tasks[index % len(tasks)], f"{seed} {index}", params) for index in range(recaps)]


def _converse(task: TelepathyTask, key: str, user: Speaker, params: Params, noise: Noise) -> Episode:
    gym = TelepathyGym(user, RuleJudge(), **params)
    seed = random.Random(f"telepathy conversation {key}").getrandbits(32)
    return drive(converse(gym, gym.reset(task, seed), Demonstrator(seed, **noise)))


def _agent_demonstration(task: TelepathyTask, key: str, params: Params, noise: Noise) -> Demonstration:
    messages = _converse(task, key, TelepathyUser(0), params, noise).messages[:-1]  # nobody speaks after the last feedback
    return Demonstration("TelepathyGym", task.id, "agent", tuple(messages))


def _user_demonstrations(
    tasks: list[TelepathyTask], count: int, seed: int, params: Params, noise: Noise
) -> list[Demonstration]:
    """Single replies, as they come up in whole conversations."""
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, user = tasks[index % len(tasks)], Recorder(TelepathyUser(0))
        _converse(task, f"{seed} {index}", user, params, noise)
        shown += user.demonstrations("TelepathyGym", task.id, "user")
        index += 1
    return shown[:count]


def _recap(task: TelepathyTask, key: str, params: Params) -> Demonstration:
    """Kind by kind some wrong words and the right one, in any order, and the guess that collects what was confirmed."""
    rng = random.Random(f"telepathy recap {key}")
    gym = TelepathyGym(TelepathyUser(0), RuleJudge(), **params)
    view = gym.reset(task, 0)
    messages = [Message("system", briefing(gym, view.system)), *view.messages]
    facts = task.hidden.facts
    for words in rng.sample(list(FEATURES.values()), len(FEATURES)):
        right = next(word for word in words if facts[word] == "yes")
        wrong = [word for word in words if word != right]
        for word in [*rng.sample(wrong, rng.randint(0, min(MOST_WRONG, len(wrong)))), right]:
            question = rng.choice(QUESTIONS["generated"][word]["train"])
            messages += [Message("assistant", f"[action] {question}"), Message("user", SAID[facts[word]])]
    messages.append(Message("assistant", f"[answer] {task.hidden.name}"))
    return Demonstration("TelepathyGym", task.id, "agent", tuple(messages), last_only=True)
