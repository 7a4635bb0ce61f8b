"""Conversations to imitate, for the agent and for the user.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from train tasks only.
- An agent's conversation is played through the gym itself, so demonstrations and training have the same layout.
- A recap drill practises the closing turn alone: the questions before it, about any slot, are not imitated.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Message, Role, Speaker
from envs.conversation import Episode, briefing, converse, drive
from envs.intention.asker import action, answer
from envs.intention.catalogue import QUESTIONS, SLOTS, VALUES
from envs.intention.expert import Demonstrator
from envs.intention.gym import IntentionGym
from envs.intention.loader import load
from envs.intention.task import IntentionTask
from envs.intention.user import IntentionUser
from envs.intention.wording import ANSWER, NO_MATTER, TERSE, VAGUE
from envs.recorder import Recorder
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""
RECAP_REQUEST = "I need a recap."
RECAP_LENGTHS = (1, 1, 1, 2, 2, 3, 4, 6)
"""How many questions a drill has, drawn from these: copying is learned on short ones first."""
RECAP_MISS = 0.15
"""How often a drill's question gets no value."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of a role, and for the agent `recaps` drills after them.

    `params` are the gym's, so that what is imitated looks like what is played; `noise` is the `Demonstrator`'s.
    """
    params = {"prompt": "short"} if params is None else params
    if role == "user":
        return _user_demonstrations(count, seed, params, noise)
    tasks = _shuffled_tasks(seed)
    shown = [_agent_demonstration(tasks[index % len(tasks)], f"{seed} {index}", params, noise) for index in range(count)]
    return shown + [_recap(random.Random(f"intention recap {seed} {index}"), seed, index, params) for index in range(recaps)]


def _shuffled_tasks(seed: int) -> list[IntentionTask]:
    tasks = load("train")
    random.Random(f"intention demonstrations {seed}").shuffle(tasks)
    return tasks


def _converse(task: IntentionTask, key: str, user: Speaker, params: Params, noise: Noise) -> Episode:
    gym = IntentionGym(user, RuleJudge(), **params)
    seed = random.Random(f"intention conversation {key}").getrandbits(32)
    return drive(converse(gym, gym.reset(task, seed), Demonstrator(seed, **noise)))


def _agent_demonstration(task: IntentionTask, key: str, params: Params, noise: Noise) -> Demonstration:
    messages = _converse(task, key, IntentionUser(0), params, noise).messages[:-1]  # nobody speaks after the last feedback
    return Demonstration("IntentionGym", task.id, "agent", tuple(messages))


def _user_demonstrations(count: int, seed: int, params: Params, noise: Noise) -> list[Demonstration]:
    """Single replies, as they come up in whole conversations."""
    tasks, shown, index = _shuffled_tasks(seed), list[Demonstration](), 0
    while len(shown) < count:
        task, user = tasks[index % len(tasks)], Recorder(IntentionUser(0))
        _converse(task, f"{seed} {index}", user, params, noise)
        shown += user.demonstrations("IntentionGym", task.id, "user")
        index += 1
    return shown[:count]


def _recap(rng: random.Random, seed: int, index: int, params: Params) -> Demonstration:
    """Random questions about random slots, replies with random values, and the answer that repeats them in order."""
    gym = IntentionGym(IntentionUser(0), RuleJudge(), **params)
    messages = [Message("system", briefing(gym, gym.system_prompt)), Message("user", RECAP_REQUEST)]
    told: dict[str, str] = {}
    slots = rng.sample(SLOTS, rng.choice(RECAP_LENGTHS))
    for slot in slots:
        reply = rng.choice((NO_MATTER, VAGUE))
        if slot == slots[0] or rng.random() >= RECAP_MISS:
            told[slot] = rng.choice(VALUES[slot])
            reply = TERSE.format(slot=slot, value=told[slot])
        ending = f" {ANSWER}" if slot == slots[-1] else ""
        question = action(rng.choice(QUESTIONS).format(slot=slot))
        messages += [Message("assistant", question), Message("user", reply + ending)]
    messages.append(Message("assistant", answer(told)))
    return Demonstration("IntentionGym", f"recap-{seed}-{index}", "agent", tuple(messages), last_only=True)
