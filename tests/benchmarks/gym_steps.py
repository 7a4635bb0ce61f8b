"""Turns per second of one core, gym by gym, with the scripted partner and the rule judge: what a gym adds to a conversation.

The agent's words are made before, by the gym's noisy demonstrator on held-out tasks, and replayed: its thinking is not a gym's.
A conversation's reset counts as part of its turns.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import envs
from envs import registry
from envs.base import Speaker, Task
from envs.conversation import converse, drive
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting

COMPARES = "Turns per second on one core, resets included, of every gym with its scripted partner and rule judge."


@dataclass(frozen=True, slots=True)
class Size:
    """Conversations of each gym, and how often they are replayed."""

    conversations: int
    repeats: int


FULL = Size(conversations=200, repeats=5)
SMALLEST = Size(conversations=2, repeats=1)


def measure(setting: Setting, size: Size) -> Outcome:
    """All gyms in turns."""
    outcome = Outcome(COMPARES, {"conversations of each gym": size.conversations, "params": "each gym's defaults"})
    said = {gym: [_said(gym, task, seed) for seed, task in enumerate(_tasks(gym, size))] for gym in envs.gyms()}
    rates: dict[str, list[float]] = {gym: [] for gym in said}
    for gym, conversations in said.items():
        _replay(gym, conversations)  # what is read once is read
    for _ in range(size.repeats):
        for gym, conversations in said.items():
            rates[gym].append(_replay(gym, conversations))
    for gym, found in rates.items():
        outcome.add(gym, "turns/s", found)
    return outcome


def _tasks(gym: str, size: Size) -> list[Task]:
    tasks = envs.load(gym, "heldout")
    return [tasks[number % len(tasks)] for number in range(size.conversations)]


def _partner(gym: str, seed: int) -> Speaker:
    entry = registry.entry(gym)
    return envs.scripted(gym, entry.partner, seed) if entry.partner in entry.scripted else envs.ConstantSpeaker("")


def _said(gym: str, task: Task, seed: int) -> tuple[Task, list[str]]:
    made = envs.make(gym, task=task, partner=_partner(gym, seed), judge=envs.RuleJudge(), seed=seed)
    episode = drive(converse(made, made.first_view, registry.entry(gym).demonstrator(seed)))
    return task, [message.content for message in episode.messages if message.role == "assistant"]


def _replay(gym: str, conversations: list[tuple[Task, list[str]]]) -> float:
    """Turns per second."""
    turns = 0
    began = time.perf_counter()
    for seed, (task, actions) in enumerate(conversations):
        made = envs.make(gym, task=task, partner=_partner(gym, seed), judge=envs.RuleJudge(), seed=seed)
        for action in actions:
            drive(made.step(action))
        turns += len(actions)
    return turns / (time.perf_counter() - began)
