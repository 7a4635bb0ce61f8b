"""Conversations to imitate, for the agent and for the user.

Invariants
- Deterministic by `(role, count, seed, recaps)`; made from generated train tasks only, in the train split's wording.
- An agent's conversation is played through the gym itself, so demonstrations and training have the same layout.
- A recap drill practises the explanation alone: the questions before it are not imitated. It has the id of its task, whose
  story it tells.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from envs.base import Demonstration, Message, Role, Speaker
from envs.closed import SAID, Answer
from envs.conversation import Episode, briefing, converse, drive
from envs.recorder import Recorder
from envs.turtle.catalogue import catalogue
from envs.turtle.expert import Demonstrator, prior
from envs.turtle.gym import TurtleGym
from envs.turtle.loader import load
from envs.turtle.task import TurtleTask
from envs.turtle.user import TurtleUser
from envs.verdicts import RuleJudge

Params = Mapping[str, Any]
"""Keyword arguments of the gym."""
Noise = Mapping[str, float]
"""Keyword arguments of the `Demonstrator`."""


def demonstrations(
    role: Role, count: int, seed: int, *, params: Params | None = None, recaps: int = 0, **noise: float
) -> list[Demonstration]:
    """`count` demonstrations of a role, and for the agent `recaps` drills after them.

    `params` are the gym's, so that what is imitated looks like what is played; `noise` is the `Demonstrator`'s.
    """
    params = {"prompt": "short"} if params is None else params
    tasks = load("train")
    random.Random(f"turtle demonstrations {seed}").shuffle(tasks)
    if role == "user":
        return _user_demonstrations(tasks, count, seed, params, noise)
    shown = [_agent_demonstration(tasks[index % len(tasks)], f"{seed} {index}", params, noise) for index in range(count)]
    return shown + [_recap(tasks[index % len(tasks)], f"{seed} {index}", params) for index in range(recaps)]


def _converse(task: TurtleTask, key: str, user: Speaker, params: Params, noise: Noise) -> Episode:
    gym = TurtleGym(user, RuleJudge(), **params)
    seed = random.Random(f"turtle conversation {key}").getrandbits(32)
    return drive(converse(gym, gym.reset(task, seed), Demonstrator(seed, **noise)))


def _agent_demonstration(task: TurtleTask, key: str, params: Params, noise: Noise) -> Demonstration:
    messages = _converse(task, key, TurtleUser(0), params, noise).messages[:-1]  # nobody speaks after the last feedback
    return Demonstration("TurtleGym", task.id, "agent", tuple(messages))


def _user_demonstrations(tasks: list[TurtleTask], count: int, seed: int, params: Params, noise: Noise) -> list[Demonstration]:
    """Single replies, as they come up in whole conversations."""
    shown: list[Demonstration] = []
    index = 0
    while len(shown) < count:
        task, user = tasks[index % len(tasks)], Recorder(TurtleUser(0))
        _converse(task, f"{seed} {index}", user, params, noise)
        shown += user.demonstrations("TurtleGym", task.id, "user")
        index += 1
    return shown[:count]


def _recap(task: TurtleTask, key: str, params: Params) -> Demonstration:
    """Kind by kind some wrong values and the right one, in any order, and the explanation that collects what was confirmed."""
    rng = random.Random(f"turtle recap {key}")
    gym = TurtleGym(TurtleUser(0), RuleJudge(), **params)
    view = gym.reset(task, 0)
    messages = [Message("system", briefing(gym, view.system)), *view.messages]
    known, possible = catalogue("generated"), prior(task.visible.opening, "generated")
    for kind, right in rng.sample(list(task.hidden.values.items()), len(task.hidden.values)):
        wrong = sorted(possible[kind] - {right})
        for value in [*rng.sample(wrong, rng.randint(0, len(wrong))), right]:
            answer: Answer = "yes" if value == right else "no"
            question = rng.choice(known.facts[value].questions["train"])
            messages += [Message("assistant", f"[action] {question}"), Message("user", SAID[answer])]
    messages.append(Message("assistant", f"[answer] {known.explanation(task.hidden.values, 'train')}"))
    return Demonstration("TurtleGym", task.id, "agent", tuple(messages), last_only=True)
