"""The config that users are measured by: what a run's says of engine, rollout, server and form of a turn, and nothing of what
it trains. Without a run's config, defaults that fit the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actors.config import PolicyConfig
from cluster import config as configuration
from cluster.config import Config, yaml_text
from cluster.errors import UserError
from cluster.evaluation.subject import model_folder
from cluster.start.in_process import longest_context
from envs.config import GymsConfig
from envs.usersim.users import USERS
from rewards.config import JudgeConfig

GYM = "UserSimGym"
"""Whose `gyms.params` say how a user writes and what it is shown."""
FORM = ("prompt", "state_mode")
PARAMS = (*FORM, "architecture", "gate")
"""Of them: how a turn is written; and with what a user is shown. What it is paid plays no part."""
READ = ("run", "rollout", "engine", "eval")
"""The sections that users are measured by, besides the parameters of UserSimGym."""
LONGEST_CONTEXT = 8192
"""Of a model that no config says anything about, in tokens: a call in the form `full` takes up to four thousand."""
TURN_TOKENS = 768
"""Twice what a careful turn in the form `full` takes."""
MEASURED = "measured"
"""Stands for the model of whoever is measured: a config names one."""
SERVED = {"max_turn_tokens": TURN_TOKENS, "max_context": 2 * TURN_TOKENS}
"""Of a user that is no folder here: its server knows its context, and has to be asked for a turn's tokens only."""
MOST_TURNS = 24
"""As many as any SOP allows: a call ends by its SOP, not by a run's `gyms.max_turns`."""


def configured(config: Path | None, overrides: Sequence[str], who: Sequence[str]) -> Config:
    """For the users that are named, what a run's YAML says of `READ`, then the overrides. Raises UserError."""
    raw: dict[str, Any] = {}
    if config is not None:
        configuration.load(config, elsewhere=True)  # all of it must make sense; its models need not be here
        raw = yaml_text.read(config)
    folders = [model_folder(name) for name in who if name not in USERS and Path(name).expanduser().is_dir()]
    longest = min([LONGEST_CONTEXT, *map(longest_context, folders)])
    sizes = {"max_turn_tokens": min(TURN_TOKENS, longest // 4), "max_context": longest} if folders else {}
    kept = {name: raw[name] for name in READ if name in raw}
    given = raw.get("gyms", {}).get("params", {}).get(GYM, {})
    params = {name: value for name, value in given.items() if name in PARAMS}
    asked: dict[str, Any] = {
        **kept,
        "policies": {"agent": {"model": MEASURED, "train": True}, "user": {"speaker": "scripted"}},
        "gyms": {"params": {GYM: params}},
        "rollout": {**(sizes or SERVED), **kept.get("rollout", {})},
    }
    resolved = configuration.parse(asked, list(overrides), elsewhere=True)
    for folder in folders:
        if (size := resolved.rollout.max_context) > longest_context(folder):
            raise UserError(f"rollout.max_context is {size}: {folder} holds {longest_context(folder)} tokens.")
    return resolved


def measuring(config: Config, gym: str, *, seed: int, repeats: int, params: Sequence[str]) -> Config:
    """The same for calls in `gym`, whose scripted agents are met; `params`: which of UserSimGym's it takes."""
    user = config.policies["agent"].model_copy(update={"wire": "bracket", "history_thinking": "strip"})
    asked: dict[str, Any] = {
        "repeats": repeats,
        "greedy": False,
        "user": None,
        "constant_user": False,
        "users": {},
        "judges": None,
    }
    given = {name: value for name, value in config.gyms.params.get(GYM, {}).items() if name in params}
    return config.model_copy(
        update={
            "run": config.run.model_copy(update={"seed": seed}),
            "policies": {"user": user, "agent": PolicyConfig(speaker="scripted")},
            "gyms": GymsConfig(train={gym: 1.0}, max_turns=MOST_TURNS, params={gym: given}),
            "judges": {"default": JudgeConfig()},
            "sft": None,
            "teach": None,
            "eval": config.eval.model_copy(update=asked),
        }
    )
