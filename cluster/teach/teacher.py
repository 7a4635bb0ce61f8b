"""The teacher as a speaker: a server that acts, or each gym's scripted expert."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from actors.endpoint import EndpointClient, Reply
from actors.endpoint_speaker import EndpointSpeaker
from actors.rollout import GroupRequest, SpeakerFactory, scripted
from cluster.config.teach import TeachConfig
from envs import registry
from envs.base import Role


def name(settings: TeachConfig, role: Role) -> str:
    """What rows and accounts call it."""
    if settings.endpoint is None:
        return f"scripted:{role}"
    return f"{settings.endpoint.model}@{urlsplit(settings.endpoint.base_url).hostname}"


def speakers(
    settings: TeachConfig, role: Role, *, spent: float = 0.0, paid: Callable[[Reply, float], None] = lambda reply, cost: None
) -> SpeakerFactory:
    """Of `role`, which acts; to be made in the event loop. `spent` and `paid` are those of `EndpointClient`."""
    if settings.endpoint is None:
        return scripted(role)
    client = EndpointClient(settings.endpoint, settings.retry.deadline_s, spent=spent, paid=paid)

    def make(request: GroupRequest, seed: int) -> EndpointSpeaker:
        whole = not registry.entry(request.task.gym).gym.choices
        limits = settings.max_tokens, seed, settings.temperature
        return EndpointSpeaker(client, settings.retry, *limits, shows_thinking=whole)

    return make
