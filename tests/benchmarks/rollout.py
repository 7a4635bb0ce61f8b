"""Sampled tokens per second through whole conversations, against the bare engine.

The bare engine gets all prompts of a play at once, so it never waits for a user, a judge or the turn before: what it does
in a second is the most the loop could. The user model answers from an engine actor of its own; its tokens are not counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ray

from actors.acting import PolicySpec
from actors.engine_actor import start_engines
from actors.environment import ENVIRONMENT
from actors.pool import ActorPool
from actors.rollout import GroupRequest
from actors.speaker import derived_seed
from cluster.config import gym_params
from cluster.groups.tasks import TaskSource
from cluster.start.parts import START_TIMEOUT_S, Models
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.benchmarks.stage import Played, Stage

COMPARES = (
    "Sampled tokens per second of the agent through whole conversations (gym, transcript, rule judge, trajectory table) "
    "against the same vLLM engine given the same prompts and output lengths all at once."
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many conversations at once, against which users, how often."""

    conversations: tuple[int, ...]
    partners: tuple[str, ...]
    repeats: int


FULL = Size((64, 128), ("scripted user", "user model"), repeats=5)
SMALLEST = Size((8,), ("scripted user",), repeats=1)


def measure(setting: Setting, size: Size) -> Outcome:
    """An engine per number of conversations, as a rollout worker would have it."""
    rollout = setting.config.rollout
    outcome = Outcome(COMPARES, {"group_size": rollout.group_size, "max_turn_tokens": rollout.max_turn_tokens})
    models = setting.models
    with _users(setting, models, size) as users:
        for conversations in size.conversations:
            stage = _stage(setting, models, users, conversations)
            found: dict[str, list[Played]] = {partner: [] for partner in size.partners}
            for repeat in range(size.repeats + 1):
                for partner in size.partners:
                    requests = _requests(setting, conversations, repeat)
                    found[partner].append(ray.get(stage.measure.remote(requests, partner)))
            ray.kill(stage)
            for partner, played in found.items():
                _report(outcome, f"{conversations} conversations, {partner}", played[1:])  # the first warms up
    return outcome


def _report(outcome: Outcome, name: str, played: list[Played]) -> None:
    loop = outcome.add(f"{name}: conversations", "tokens/s", [p.tokens / p.play_s for p in played])
    bare = outcome.add(f"{name}: bare engine", "tokens/s", [p.tokens / p.bare_s for p in played])
    outcome.ratio(f"{name}: conversations / bare engine", loop, bare)
    outcome.add(
        f"{name}: time beyond the bare engine's, per turn", "us", [1e6 * (p.play_s - p.bare_s) / p.turns for p in played]
    )
    alone = [1e6 * p.loop_s / p.turns for p in played if p.loop_s is not None]
    if alone:
        outcome.add(f"{name}: the loop alone, per turn", "us", alone)


@contextmanager
def _users(setting: Setting, models: Models, size: Size) -> Iterator[ActorPool | None]:
    if "user model" not in size.partners:
        yield None
        return
    pool = start_engines(
        "user",
        str(models.frozen["user"]),
        setting.config.engine,
        max_context=setting.config.rollout.max_context,
        max_sequences=max(size.conversations),
        cpus=0.5,
        timeout_s=START_TIMEOUT_S,
    )
    yield pool
    pool.close()


def _stage(setting: Setting, models: Models, users: ActorPool | None, conversations: int) -> Any:
    config = setting.config
    agent, user = config.policies["agent"], config.policies["user"]
    actor = ray.remote(Stage).options(num_cpus=0.5, runtime_env={"env_vars": ENVIRONMENT})
    return actor.remote(
        PolicySpec("agent", str(models.acting), agent.wire, agent.history_thinking),
        PolicySpec("user", str(models.frozen["user"]), user.wire, user.history_thinking),
        users.names if users else [],
        config.rollout,
        config.engine,
        {gym: gym_params(config, gym) for gym in config.gyms.train},
        conversations,
    )


def _requests(setting: Setting, conversations: int, repeat: int) -> list[GroupRequest]:
    """Other tasks in every repeat; the same against every partner."""
    config = setting.config
    tasks, size = TaskSource(config.gyms.train, config.run.seed, config.gyms.tasks), config.rollout.group_size
    groups = conversations // size
    return [
        GroupRequest(
            tasks.task(group),
            group,
            0,
            tuple(derived_seed(config.run.seed, "train", group, n) for n in range(size)),
            config.rollout.temperature,
        )
        for group in range(repeat * groups, (repeat + 1) * groups)
    ]
