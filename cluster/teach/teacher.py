"""The teacher as a speaker: a server that acts, or each gym's scripted expert."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from actors.endpoint import EndpointClient, Reply
from actors.endpoint_speaker import EndpointSpeaker
from actors.rollout import SpeakerFactory, scripted
from cluster.config.teach import TeachConfig


def name(settings: TeachConfig) -> str:
    """What rows and accounts call it."""
    if settings.endpoint is None:
        return "scripted:agent"
    return f"{settings.endpoint.model}@{urlsplit(settings.endpoint.base_url).hostname}"


def speakers(
    settings: TeachConfig, *, spent: float = 0.0, paid: Callable[[Reply, float], None] = lambda reply, cost: None
) -> SpeakerFactory:
    """To be made in the event loop; `spent` and `paid` are those of `EndpointClient`."""
    if settings.endpoint is None:
        return scripted("agent")
    client = EndpointClient(settings.endpoint, settings.retry.deadline_s, spent=spent, paid=paid)
    return lambda request, seed: EndpointSpeaker(client, settings.retry, settings.max_tokens, seed, settings.temperature)
