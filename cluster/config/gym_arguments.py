"""Whether `gyms.params` are what the gyms' constructors take: names, kinds and values, before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

import envs
from cluster.errors import UserError, suggestion
from envs import registry
from envs.turns import Rules

GIVEN = ("partner", "judge")
"""Constructor arguments that every gym gets from the rollout."""
RULES = dict(signature(Rules).parameters)
"""What `**rules` of a gym's constructor takes."""


def check(path: str, gym: str, params: Mapping[str, Any]) -> None:
    """Raise UserError at the first parameter that the gym refuses; `path` is the dotted path of `params`."""
    taken = {key: value for key, value in signature(registry.entry(gym).gym).parameters.items() if key not in GIVEN}
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in taken.values()):
        taken = {key: value for key, value in taken.items() if value.kind is not Parameter.VAR_KEYWORD} | RULES
    for key, value in params.items():
        if key not in {*taken, "preset"}:
            raise UserError(f"{path}.{key} is not a known key: {suggestion(key, {*taken, 'preset'})}")
        default = taken[key].default if key in taken else None
        if type(default) in (bool, int, float, str) and not isinstance(value, _kinds(default)):
            raise UserError(f"{path}.{key} is {value!r}: it must be of the kind of its default, {default!r}.")
    try:
        envs.create(gym, envs.ConstantSpeaker(""), envs.RuleJudge(), **params)
    except ValueError as error:  # how a gym refuses a value
        raise UserError(f"{path}: {str(error).rstrip('.')}.") from None


def _kinds(default: Any) -> tuple[type, ...]:
    return (int, float) if isinstance(default, float) else (type(default),)
