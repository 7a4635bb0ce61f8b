"""What an evaluation is played with: the config it measures by, who is met, which tasks, and what tells two apart.

Invariant: `identity` holds all that the numbers depend on, and nothing of where and how fast they are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from actors.acting import Acting, EndpointSpec, PolicySpec, ScriptSpec
from actors.config import SpeakerConfig
from actors.model_folder import fingerprint
from cluster.config import Config, services
from cluster.config.gym_counts import heldout_counts
from cluster.config.sections import OWN_USERS
from cluster.evaluation.subject import Subject
from cluster.groups.tasks import heldout_tasks
from cluster.start.claim import FREE, FREE_OF_AN_ENDPOINT, flat
from cluster.start.models import model_path
from cluster.start.parts import CONSTANT, partner_speakers
from envs.base import Task

TRAINING = OWN_USERS[0]
HELD_IN, HELD_OUT = "held-in", "held-out"
"""Unseen tasks of the gyms that are trained on (`gyms.train`), and of those that never are (`gyms.transfer`)."""
Tasks = Mapping[str, Sequence[Task]]
"""What the outputs call some tasks -> those tasks."""
PREFIX = "eval.users."
"""How an episode names a user of `eval.users` as its opponent."""
SERVED = "eval.agent.endpoint."
"""What is asked of the server of the agent that is measured, if it is one behind a server."""
UNREAD = (
    *("run.name", "learner.*", "rewards.*", "eval.agent*", "eval.judges", "eval.baselines"),
    *("rollout.group_size", "rollout.groups_per_step", "rollout.temperature", "rollout.max_staleness"),
    *(f"eval.users.*.endpoint.{name}" for name in FREE_OF_AN_ENDPOINT),
)
"""Of the config, besides what may differ between two processes of one run, what an evaluation does not depend on."""
HOW_IT_TALKS = ("wire", "history_thinking")


@dataclass(frozen=True)
class Setting:
    """An evaluation of some agents."""

    config: Config
    """With the evaluation's judge as `default`, and nothing for the agent to learn first."""
    subjects: Sequence[Subject]
    users: Mapping[str, SpeakerConfig]
    """Everybody who may be met, by the name that episodes have for an opponent; those on request have weight 0."""
    columns: Mapping[str, str | None]
    """User, as the outputs name it -> opponent; None draws from the mix."""
    tasks: Tasks
    timed: bool = False
    """Whether the state of an episode says how long whoever is no script took for each turn."""

    @classmethod
    def of(cls, config: Config, subjects: Sequence[Subject], tasks: Tasks | None = None, *, timed: bool = False) -> Setting:
        """`tasks` are the config's held-out ones unless others are given. Raises UserError where judge, user or agent cannot
        be used."""
        services.check_evaluation(config, agent=any(each.kind == "endpoint" for each in subjects))
        judge = config.judges[config.eval.judges or "default"]
        sft = config.sft and config.sft.model_copy(update={config.acting: None})
        acting = config.policies[config.acting].model_copy(update={"model": None, "train": False})
        policies = {**config.policies, config.acting: acting}
        measured = config.model_copy(update={"judges": {"default": judge}, "sft": sft, "policies": policies})
        met = {f"{PREFIX}{name}": user.model_copy(update={"weight": 0.0}) for name, user in config.eval.users.items()}
        tasks = _heldout(config) if tasks is None else tasks
        return cls(measured, subjects, {**partner_speakers(config), **met}, _columns(config), tasks, timed)

    @property
    def models(self) -> dict[str, SpeakerConfig]:
        """The users that are models here."""
        return {name: user for name, user in self.users.items() if user.model is not None}

    def learns(self, name: str) -> bool:
        """Whether a user is first taught its part, as in training; a folder in `eval.users` is used as it stands."""
        return not (name.startswith(PREFIX) and isinstance(self.users[name].model, str))

    def acting(self, subject: Subject, processes: int) -> Acting:
        """Who acts, as those who play need it, each of so many processes."""
        config = self.config
        if subject.kind == "script":
            return ScriptSpec(subject.name, config.gyms.tasks)
        if subject.kind == "model":
            policy = config.policies[config.acting]
            return PolicySpec(config.acting, subject.name, policy.wire, policy.history_thinking)
        given = config.eval.agent
        assert given is not None and given.endpoint is not None  # as `subject` found it
        return EndpointSpec(given.endpoint.share(processes), given.retry)

    def identity(self) -> dict[str, Any]:
        """Everything the numbers depend on, by dotted key."""
        config = self.config
        leaves = flat(config.model_dump(mode="json"))
        kept = {
            key: value
            for key, value in leaves.items()
            if not _matches(key, (*FREE, *UNREAD, f"policies.{config.acting}.*", f"sft.{config.acting}*"))
        }
        if any(each.kind == "endpoint" for each in self.subjects):
            free = [f"{SERVED}{name}" for name in FREE_OF_AN_ENDPOINT]
            kept |= {key: value for key, value in leaves.items() if key.startswith(SERVED) and not _matches(key, free)}
        policy = config.policies[config.acting]
        talk = {f"policies.{config.acting}.{name}": getattr(policy, name) for name in HOW_IT_TALKS}
        folders = {
            f"{name}.model": f"{Path(user.model).name}@{fingerprint(Path(user.model))}"
            for name, user in self.models.items()
            if isinstance(user.model, str)
        }
        judge = config.judges["default"].model
        judges = {"judge.model": fingerprint(model_path(judge, config))} if isinstance(judge, str) else {}
        who = {"WHO": [each.identity for each in self.subjects], "the digest of all held-out tasks": _digest(self.tasks)}
        return {**who, **talk, **kept, **folders, **judges}


def _matches(key: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch(key, pattern) for pattern in patterns)


def _heldout(config: Config) -> Tasks:
    return {
        name: heldout_tasks(heldout_counts(config, transfer=transfer), config.gyms.tasks)
        for name, transfer in ((HELD_IN, False), (HELD_OUT, True))
    }


def _digest(tasks: Tasks) -> str:
    """Sixteen hex digits that change with any task that is played."""
    digest = hashlib.blake2b(digest_size=8)
    for some in tasks.values():
        for task in some:
            digest.update(task.model_dump_json().encode())
    return digest.hexdigest()


def _columns(config: Config) -> dict[str, str | None]:
    columns: dict[str, str | None] = {config.eval.user or TRAINING: config.eval.user}
    if config.eval.constant_user:
        columns[CONSTANT] = CONSTANT
    return columns | {name: f"{PREFIX}{name}" for name in config.eval.users}
