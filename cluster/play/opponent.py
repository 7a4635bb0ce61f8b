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
    if (acting := entry.gym.acting) != config.acting:
        raise UserError(
            f"in {gym} the {acting} acts, but in the gyms of --config the {config.acting} does: give none, or the config of a "
            f"run in {gym}."
        )
    if role == acting:
        in_process.check_users(config)


def scripts(config: Config, role: Role) -> dict[Scripted, str]:
    """What of a game with a person in `role` is a script, and what to do where none can play."""
    found: dict[Scripted, str] = {}
    if config.judges["default"].backend == "rules":
        found["judge"] = "give a --config whose judges.default is a model or an endpoint"
    acting, partner = config.acting, config.partner
    met = [speaker.speaker or "" for speaker in partner_speakers(config).values()]
    if role == acting and any(name == "scripted" or name.startswith(PREFIX) for name in met):
        found["partner"] = f"give --model, or a --config whose policies.{partner} is an endpoint"
    if role == partner and not isinstance(config.policies[acting].model, str) and not (config.teach and config.teach.endpoint):
        found["agent"] = "give --model, or a --config with teach.endpoint"
    return found


def opponent(config: Config, role: Role, request: GroupRequest) -> Opponent:
    """Who plays against a person in `role`; to be made in the event loop. Raises UserError."""
    return _partner(config, request) if role == config.acting else _acting(config)


def _partner(config: Config, request: GroupRequest) -> Opponent:
    """One of the run's partners, drawn by weight."""
    partners = in_process.users(config)
    name = draw_opponent({name: weight for name, (weight, _) in partners.items()}, request.group_id, request.seeds)
    return Opponent(name, partners[name][1])


def _acting(config: Config) -> Opponent:
    """The run's policy if it is in a folder, else its teacher, else the gym's expert."""
    role = config.acting
    policy = config.policies[role]
    if isinstance(policy.model, str):
        spec = PolicySpec(role, policy.model, policy.wire, policy.history_thinking)
        return Opponent(role, policy_factory(spec, in_process.engine(config, role, policy.model), in_process.limits(config)))
    settings = config.teach or TeachConfig()
    return Opponent(teacher.name(settings, role), teacher.speakers(settings, role))
