"""Who may act in a rollout: a policy in an engine of its own, a model behind an endpoint, or a script of the gym.

Only a policy leaves tokens and logprobs, and only it can be trained; the others are measured. A script is made of the gym's
train tasks where it needs them, so nothing held out reaches it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import envs
from actors.endpoint_speaker import EndpointSpeakers
from actors.rollout import GroupRequest, SpeakerFactory
from actors.speaker import Limits
from envs import registry
from envs.base import Speaker
from envs.tool import Wire
from rewards.config import RetryPolicy
from rewards.endpoint_config import EndpointConfig

DEMONSTRATOR = "demonstrator"
"""The script that demonstrations are made by, noise included; the others are a gym's baselines."""


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """A policy as a worker needs it: where its weights and tokenizer lie, and how it talks."""

    name: str
    path: str
    wire: Wire = "bracket"
    history: Literal["keep", "strip"] = "keep"


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """An agent behind an endpoint; `endpoint` is this process's share."""

    endpoint: EndpointConfig
    retry: RetryPolicy
    name: str = "endpoint"
    wire: Wire = "bracket"


@dataclass(frozen=True, slots=True)
class ScriptSpec:
    """A gym's own script, by its name; `tasks` are the options of each gym's task loader."""

    script: str
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"scripted:{self.script}"

    @property
    def wire(self) -> Wire:
        return "bracket"


Acting = PolicySpec | EndpointSpec | ScriptSpec


def endpoint_factory(spec: EndpointSpec, limits: Limits) -> SpeakerFactory:
    """Speakers at the request's temperature, that hear what the gym says as the words of a user."""
    return EndpointSpeakers(spec.endpoint, spec.retry, limits, acting=True)


def script_factory(spec: ScriptSpec) -> SpeakerFactory:
    """Speakers of the script, whichever gym is played."""
    known: dict[str, Callable[[int], Speaker]] = {}

    def make(request: GroupRequest, seed: int) -> Speaker:
        gym = request.task.gym
        if gym not in known:
            known[gym] = scripts(gym, spec.tasks.get(gym, {}))[spec.script]
        return known[gym](seed)

    return make


def scripts(gym: str, options: Mapping[str, Any]) -> dict[str, Callable[[int], Speaker]]:
    """Every script that a gym offers, by name."""
    return {**baselines(gym, options), DEMONSTRATOR: registry.entry(gym).demonstrator}


def baselines(gym: str, options: Mapping[str, Any]) -> Mapping[str, Callable[[int], Speaker]]:
    """The baselines a gym offers: name -> (seed -> speaker). Looked for once, since the best script is found by search."""
    return _baselines(registry.entry(gym).baselines, gym, json.dumps(options, sort_keys=True))


@lru_cache(maxsize=64)
def _baselines(
    find: Callable[[Sequence[Any]], Mapping[str, Callable[[int], Speaker]]], gym: str, options: str
) -> Mapping[str, Callable[[int], Speaker]]:
    return find(envs.load(gym, "train", **json.loads(options)))
