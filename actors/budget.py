"""What may still be spent at an endpoint: a pure state machine.

Invariant: `spent` and the bounds of the requests under way are together never above `most`, so what is paid never is,
unless a request costs more than its bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards.endpoint_config import EndpointConfig

MILLION = 1e6
OVERHEAD = 16
"""Tokens that a chat template writes around one message, at most."""
LIMITS = ("max_completion_tokens", "max_tokens")
"""Keys of a request that bound what is sampled; the first that is there counts."""


class Budget:
    """Of one process, at the prices of its endpoint."""

    def __init__(self, most: float | None, spent: float = 0.0) -> None:
        """`spent` is what earlier processes used up of it; None: no limit."""
        self.most = most
        self.spent = spent
        self._under_way = 0.0

    def reserve(self, bound: float) -> bool:
        """Whether a request that costs at most `bound` may be sent; if so it must be settled."""
        if self.most is not None and self.spent + self._under_way + bound > self.most:
            return False
        self._under_way += bound
        return True

    def settle(self, bound: float, paid: float) -> None:
        """A request that was reserved has ended."""
        self._under_way -= bound
        self.spent += paid


def price(config: EndpointConfig, prompt: int, completion: int, cached: int = 0) -> float:
    """What so many tokens cost; `cached` of the prompt's were read from the server's cache."""
    cached_price = config.prompt_price if config.cached_price is None else config.cached_price
    parts = ((prompt - cached, config.prompt_price), (cached, cached_price), (completion, config.completion_price))
    return sum(tokens * each for tokens, each in parts) / MILLION


def most_of(config: EndpointConfig, body: Mapping[str, Any]) -> float:
    """What a request may cost: a token is a byte or more, and no more are sampled than its limit says."""
    messages = body.get("messages") or []
    written = sum(OVERHEAD + len(str(message.get("content")).encode(errors="replace")) for message in messages)
    return price(config, written, next((int(body[name]) for name in LIMITS if body.get(name)), 0))
