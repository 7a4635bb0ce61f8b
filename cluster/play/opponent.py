"""Who plays the other role: the gym's script, a model folder, or whoever the run's config names."""

from __future__ import annotations

from dataclasses import dataclass

import envs
from actors.acting import PolicySpec
from actors.rollout import GroupRequest, SpeakerFactory, draw_opponent
from actors.worker import policy_factory
from cluster.config import Config
from cluster.config.teach import TeachConfig
from cluster.errors import UserError
from cluster.start import in_process
from cluster.start.parts import partner_speakers
from cluster.teach import teacher
from envs.adversarial import PREFIX
from envs.base import Role, Scripted


@dataclass(frozen=True, slots=True)
class Opponent:
    """The other side. `name` is what rows call it."""

    name: str
    speakers: SpeakerFactory


def check(config: Config, gym: str, role: Role) -> None:
    """Raise UserError if a person cannot play `role`, or the other role cannot be played in this process."""
    entry = envs.registry.entry(gym)
    if role != entry.gym.acting and role not in entry.scripted:
        raise UserError(
            f"{gym} has no {role} seat: the gym answers the {entry.gym.acting} itself; play --as {entry.gym.acting}."
        )
    if role == "agent":
        in_process.check_users(config)


def scripts(config: Config, role: Role) -> dict[Scripted, str]:
    """What of a game with a person in `role` is a script, and what to do where none can play."""
    found: dict[Scripted, str] = {}
    if config.judges["default"].backend == "rules":
        found["judge"] = "give a --config whose judges.default is a model or an endpoint"
    users = [speaker.speaker or "" for speaker in partner_speakers(config).values()]
    if role == "agent" and any(name == "scripted" or name.startswith(PREFIX) for name in users):
        found["partner"] = "give --model, or a --config whose policies.user is an endpoint"
    if role == "user" and not isinstance(config.policies["agent"].model, str) and not (config.teach and config.teach.endpoint):
        found["agent"] = "give --model, or a --config with teach.endpoint"
    return found


def opponent(config: Config, role: Role, request: GroupRequest) -> Opponent:
    """Who plays against a person in `role`; to be made in the event loop. Raises UserError."""
    return _user(config, request) if role == "agent" else _agent(config)


def _user(config: Config, request: GroupRequest) -> Opponent:
    """One of the run's users, drawn by weight."""
    users = in_process.users(config)
    name = draw_opponent({name: weight for name, (weight, _) in users.items()}, request.group_id, request.seeds)
    return Opponent(name, users[name][1])


def _agent(config: Config) -> Opponent:
    """The run's agent if it is in a folder, else its teacher, else the gym's expert."""
    agent = config.policies["agent"]
    if isinstance(agent.model, str):
        spec = PolicySpec("agent", agent.model, agent.wire, agent.history_thinking)
        return Opponent(
            "agent", policy_factory(spec, in_process.engine(config, "agent", agent.model), in_process.limits(config))
        )
    settings = config.teach or TeachConfig()
    return Opponent(teacher.name(settings, "agent"), teacher.speakers(settings, "agent"))
