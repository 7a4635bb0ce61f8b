"""Judge, users and at most one engine in this process: what a conversation needs where no Ray is worth its start.

For `parley teach` and `parley play`. To be made inside the event loop that the conversations run in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from actors.acting import PolicySpec
from actors.config import SpeakerConfig, TinyModel
from actors.engine import Engine
from actors.environment import ENVIRONMENT
from actors.judge_actor import JudgeActor, PooledJudge
from actors.local_pool import LocalPool
from actors.rollout import SpeakerFactory
from actors.speaker import Limits
from actors.worker import partner_factory, plain_partner
from cluster.config import Config
from cluster.errors import UserError
from cluster.start.models import model_path
from cluster.start.parts import partner_speakers, plain_spec
from envs.base import Judge, Scripted, Task
from envs.verdicts import RuleJudge


def judge(config: Config) -> Judge:
    """The run's judge. Raises UserError where it needs an engine and there is one already."""
    section = config.judges["default"]
    if section.backend == "rules":
        return RuleJudge()
    model = None if section.model is None else str(model_path(section.model, config))
    if model is not None:
        _room_for_engine("judges.default.model")
    return PooledJudge(LocalPool("judge", JudgeActor(section, model, config.engine, config.gyms.modules)), section)


def check_users(config: Config) -> None:
    """Raise UserError if one of the run's users does not play without Ray."""
    for name, speaker in partner_speakers(config).items():
        if isinstance(speaker.model, TinyModel) or (speaker.model is not None and config.sft and config.sft.of(config.partner)):
            raise UserError(
                f"policies.{config.partner} is {name!r}, a model that is made or trained with its run: give the folder of a "
                f"finished one and sft.{config.partner}=null, or a script: policies.{config.partner}={{speaker: scripted}}."
            )


def refuse_scripts(task: Task, scripts: Mapping[Scripted, str]) -> None:
    """Raise UserError if a script would meet a task that is told in free words; `scripts`: what is one -> what to do then."""
    for what in sorted(task.beyond_rules & set(scripts)):
        raise UserError(f"the task {task.id} is told in free words, which no script knows: {scripts[what]}.")


def users(config: Config) -> dict[str, tuple[float, SpeakerFactory]]:
    """The run's users, which were checked: name -> (weight, speakers). Raises UserError for a second engine."""
    return {name: (speaker.weight, _user(config, name, speaker)) for name, speaker in partner_speakers(config).items()}


def _user(config: Config, name: str, speaker: SpeakerConfig) -> SpeakerFactory:
    if speaker.model is None:
        return plain_partner(plain_spec(speaker, 1), limits(config))
    assert isinstance(speaker.model, str)  # see `check_users`
    partner = config.policies[config.partner]
    spec = PolicySpec(name, speaker.model, partner.wire, partner.history_thinking)
    return partner_factory(spec, engine(config, name, speaker.model), limits(config))


def limits(config: Config) -> Limits:
    """Of every speaker that has a model."""
    return Limits(config.rollout.max_turn_tokens, config.rollout.max_context)


def engine(config: Config, policy: str, model: str) -> Engine:
    """This process's one engine. Raises UserError where there is one already, or where the folder holds no model."""
    _room_for_engine(f"the model {model}")
    longest = longest_context(Path(model))
    if config.rollout.max_context > longest:
        raise UserError(f"rollout.max_context is {config.rollout.max_context}: {model} holds {longest} tokens.")
    size = config.rollout.max_context
    return Engine(policy, model, config.engine, max_context=size, max_sequences=config.rollout.concurrency)


def longest_context(model: Path) -> int:
    """How many tokens a model folder's model holds. Raises UserError."""
    try:
        described = json.loads((model / "config.json").read_text(encoding="utf-8"))
        return int(described["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(f"{str(model)!r} is not the folder of a model: it has no config.json that says how long.") from None


def _room_for_engine(what: str) -> None:
    if Engine.living:
        raise UserError(f"{what} needs an engine, and this command has room for one: play the other by script or endpoint.")
    os.environ.update(ENVIRONMENT)
