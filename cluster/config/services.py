"""Whether the judges and endpoints of a config can be used: classes, options, files and variables, before anything starts.

Each check raises `UserError`. Invariant: a value that may be a secret in the wrong place is not repeated.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from inspect import Parameter, signature
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cluster.errors import UserError, suggestion

if TYPE_CHECKING:
    from cluster.config import Config
    from rewards.config import JudgeConfig
    from rewards.endpoint_config import EndpointConfig

VARIABLE = re.compile(r"^[A-Z_][A-Z0-9_]*$")
"""What the name of an environment variable looks like, and an API key does not."""
FILLED_BY_NAME = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def check(config: Config) -> None:
    """Raise UserError at the first judge or endpoint of a run that could not be used."""
    _usable_judge(config, "default")
    for path, endpoint in _of_users(config):
        check_endpoint(path, endpoint)


def check_evaluation(config: Config, *, agent: bool) -> None:
    """The same for `parley eval`, which has a judge and users of its own, and with `agent` one behind an endpoint."""
    _usable_judge(config, config.eval.judges or "default")
    for name, speaker in config.eval.users.items():
        if speaker.endpoint is not None:
            check_endpoint(f"eval.users.{name}.endpoint", speaker.endpoint)
    if agent and config.eval.agent is not None and config.eval.agent.endpoint is not None:
        check_endpoint("eval.agent.endpoint", config.eval.agent.endpoint)


def _of_users(config: Config) -> Iterator[tuple[str, EndpointConfig]]:
    for role, policy in config.policies.items():
        for place, speaker in enumerate(policy.mix or []):
            if speaker.endpoint is not None:
                yield f"policies.{role}.mix.{place}.endpoint", speaker.endpoint


def _usable_judge(config: Config, name: str) -> None:
    judge = config.judges[name]
    if judge.custom:
        _custom(f"judges.{name}", judge)
    if judge.endpoint is not None:
        check_endpoint(f"judges.{name}.endpoint", judge.endpoint)


def _custom(path: str, judge: JudgeConfig) -> None:
    from actors.judges import custom

    try:
        found = custom.find(judge.backend)
    except custom.NoSuchJudge as error:
        raise UserError(f"{path}.backend is {judge.backend!r}: {error}.") from None
    parameters = signature(found).parameters
    taken = [name for name, parameter in parameters.items() if parameter.kind in FILLED_BY_NAME]
    open_ended = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values())
    for name in judge.options:
        if name not in taken and not open_ended:
            raise UserError(f"{path}.options.{name} is not a known key: {suggestion(name, taken)}")
    for name in taken:
        if parameters[name].default is Parameter.empty and name not in judge.options:
            raise UserError(f"{path}.options.{name} is missing: {judge.backend} cannot be made without it.")


def check_endpoint(path: str, endpoint: EndpointConfig) -> None:
    """Raise UserError if it could not be reached as it is described."""
    try:
        server = urlsplit(endpoint.base_url)
        if server.port == 0 or not server.hostname:
            raise ValueError
    except ValueError:
        raise UserError(f"{path}.base_url names no server: it must look like http://localhost:8000/v1.") from None
    if server.username is not None:
        raise UserError(f"{path}.base_url holds a user name or password: name a variable in {path}.api_key_env instead.")
    variable = endpoint.api_key_env
    if variable is not None and not VARIABLE.match(variable):
        raise UserError(f"{path}.api_key_env is no variable name such as OPENAI_API_KEY: never write the key itself.")
    if endpoint.mode == "replay":
        if endpoint.cache is not None and not endpoint.cache.is_file():
            raise UserError(f"{path}.cache is {str(endpoint.cache)!r}: there is no such file to replay.")
    elif variable is not None and not os.environ.get("RAY_ADDRESS") and not os.environ.get(variable):
        # In a cluster that is joined the nodes' variables count, not those of this process.
        raise UserError(f"{path}.api_key_env is {variable!r}: that environment variable is not set.")
