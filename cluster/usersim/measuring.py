"""The config that users are measured by: what a run's says of engine, rollout, server and form of a turn, and nothing of what
it trains. Without a run's config, defaults that fit the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.config import PolicyConfig
from cluster import config as configuration
from cluster.config import Config, yaml_text
from cluster.errors import UserError
from cluster.evaluation.subject import model_folder
from cluster.start.in_process import longest_context
from envs.config import GymsConfig
from envs.usersim.loader import load
from envs.usersim.users import USERS
from rewards.config import JudgeConfig

GYM = "UserSimGym"
"""Whose `gyms.params` say how a user writes and what it is shown."""
FORM = ("prompt", "state_mode", "architecture")
PARAMS = (*FORM, "gate")
"""Of them: how a turn is written and what a user is shown, and all that a call takes. What it is paid plays no part."""
READ = ("run", "rollout", "engine")
READ_OF_EVAL = ("tasks", "repeats", "temperature", "agent")
"""The sections, and what of `eval`, that users are measured by, besides the parameters of UserSimGym."""
TASKS = {"heldout": "test"}
"""The split that has the most calls: more `eval.tasks` there are not."""
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


def configured(config: Path | None, overrides: Sequence[str], who: Sequence[str], params: Sequence[str] = PARAMS) -> Config:
    """For the users that are named, what a run's YAML says of `READ` and `READ_OF_EVAL`, then the overrides; `params`: which of
    UserSimGym's are taken. Raises UserError."""
    raw: dict[str, Any] = {}
    if config is not None:
        configuration.load(config, elsewhere=True)  # all of it must make sense; its models need not be here
        raw = yaml_text.read(config)
    folders = [model_folder(name) for name in who if name not in USERS and Path(name).expanduser().is_dir()]
    longest = min([LONGEST_CONTEXT, *map(longest_context, folders)])
    sizes = {"max_turn_tokens": min(TURN_TOKENS, longest // 4), "max_context": longest} if folders else {}
    kept = _only(raw, READ)
    given = raw.get("gyms", {}).get("params", {}).get(GYM, {})
    asked: dict[str, Any] = {
        **kept,
        "eval": _asked_of_eval(raw.get("eval", {})),
        "policies": {"user": {"model": MEASURED, "train": True}, "agent": {"speaker": "scripted"}},
        "gyms": {"train": {GYM: 1.0}, "tasks": {GYM: TASKS}, "params": {GYM: _only(given, params)}},
        "rollout": {**(sizes or SERVED), **kept.get("rollout", {})},
    }
    resolved = configuration.parse(asked, list(overrides), elsewhere=True)
    for name, value in resolved.gyms.params.get(GYM, {}).items():
        if name not in params:
            raise UserError(
                f"gyms.params.{GYM}.{name} is {value!r}, but it plays no part here; choose from {', '.join(params)}."
            )
    for folder in folders:
        if (size := resolved.rollout.max_context) > longest_context(folder):
            raise UserError(f"rollout.max_context is {size}: {folder} holds {longest_context(folder)} tokens.")
    return resolved


def _only(section: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: section[name] for name in names if name in section}


def _asked_of_eval(section: Mapping[str, Any]) -> dict[str, Any]:
    """A run's `tasks` count those of its own gyms, so more of them than there are calls means all, as none at all does."""
    kept, there = _only(section, READ_OF_EVAL), len(load("heldout", heldout="test"))
    return kept | {"tasks": min(kept.get("tasks", there), there)}


def measuring(config: Config, gym: str, *, seed: int, repeats: int) -> Config:
    """The same for calls in `gym`, whose scripted agents are met."""
    user = config.policies["user"].model_copy(update={"wire": "bracket", "history_thinking": "strip"})
    asked: dict[str, Any] = {
        "repeats": repeats,
        "greedy": False,
        "user": None,
        "constant_user": False,
        "users": {},
        "judges": None,
    }
    return config.model_copy(
        update={
            "run": config.run.model_copy(update={"seed": seed}),
            "policies": {"user": user, "agent": PolicyConfig(speaker="scripted")},
            "gyms": GymsConfig(train={gym: 1.0}, max_turns=MOST_TURNS, params={gym: config.gyms.params.get(GYM, {})}),
            "judges": {"default": JudgeConfig()},
            "sft": None,
            "teach": None,
            "eval": config.eval.model_copy(update=asked),
        }
    )
