"""An async client of one OpenAI-compatible server, for judges and for users behind an endpoint.

Invariants
- It tries once: what fails raises `EndpointError` with the kind of failure. Asking again is its callers' one retry policy.
- A pause that the server asks for (Retry-After), and the rate limit, hold for all callers in this process.
- The API key is read from the environment and goes into one header: no config, log, error, repr or cache holds it, and a
  server that repeats it is not repeated.
- In mode replay nothing is sent; a request without a recorded answer is refused.
- What is paid never passes `max_cost`, as far as servers keep to `max_tokens` (`actors.budget`). A request that got no answer
  counts with all that it may have cost.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from actors import endpoint_cache
from actors.budget import Budget, most_of, price
from actors.endpoint_reply import PAUSE_S, BudgetSpent, EndpointError, Reply, failure_of, pause_of, reply_of, spoken
from actors.pace import Pace
from rewards.endpoint_config import EndpointConfig
from rewards.verdict import Failure


class EndpointClient:
    """One process's share of an endpoint; lives in one event loop."""

    def __init__(
        self,
        config: EndpointConfig,
        patience_s: float,
        *,
        spent: float = 0.0,
        paid: Callable[[Reply, float], None] = lambda reply, cost: None,
    ) -> None:
        """`patience_s`: a request that would have to wait longer for its turn fails at once. `spent`: of `max_cost`, by earlier
        processes. `paid` hears of every answer and what it cost.

        Raises EndpointError (refused) without an API key that can be sent, OSError without a cache that can be used.
        """
        self._config = config
        self._patience_s = patience_s
        self._replay = endpoint_cache.read(config.cache) if config.mode == "replay" and config.cache else {}
        if config.mode == "record" and config.cache:
            endpoint_cache.create(config.cache)
        self._key = None if config.mode == "replay" else _api_key(config.api_key_env)
        self._url = httpx.URL(f"{config.base_url.rstrip('/')}/chat/completions")
        self._http = httpx.AsyncClient(timeout=None, limits=httpx.Limits(max_connections=config.max_concurrent))
        self._pace = Pace(config.requests_per_minute)
        self._slots = asyncio.Semaphore(config.max_concurrent)
        self._budget = Budget(config.max_cost, spent)
        self._paid = paid
        self._requests, self._tokens, self._cost = 0, 0, 0.0

    async def complete(self, body: Mapping[str, Any]) -> Reply:
        """The model's answer to a chat completion request without its `model`. Raises EndpointError."""
        whole = {"model": self._config.model, **body, **self._config.extra}
        whole = {key: value for key, value in whole.items() if value is not None}
        key = endpoint_cache.request_key(whole)
        if self._config.mode == "replay":
            if key not in self._replay:
                raise EndpointError("refused", f"{self._config.cache} holds no answer to this request ({key})")
            return spoken(self._replay[key])
        reply = await self._ask(whole)
        if self._config.mode == "record" and self._config.cache:
            endpoint_cache.append(self._config.cache, key, reply)
        return spoken(reply)

    def counters(self) -> dict[str, float]:
        """What this process sent and used so far; the cost at the config's prices, of answers that arrived."""
        return {"requests": float(self._requests), "tokens": float(self._tokens), "cost": self._cost}

    async def _ask(self, body: dict[str, Any]) -> Reply:
        async with self._slots:
            await self._turn()
            cost = bound = most_of(self._config, body)
            if not self._budget.reserve(bound):
                raise BudgetSpent(
                    "refused",
                    f"max_cost has no room for a request of up to {bound:.4g}: {self._budget.spent:.4g} of "
                    f"{self._budget.most:.4g}, this process's share, is spent",
                )
            try:
                status, retry_after, text = await self._post(body)
                cost = 0.0 if status != 200 else bound
                self._refused(status, retry_after, text)
                reply = reply_of(text)
                cost = self._pay(reply)
            finally:
                self._budget.settle(bound, cost)
        return reply

    def _refused(self, status: int, retry_after: str | None, text: str) -> None:
        if failure := failure_of(status, text):
            if failure.failure == "transport":
                self._pace.pause(_now() + pause_of(retry_after))
            raise self._from_here(failure.failure, failure.detail)

    async def _turn(self) -> None:
        while (wait := self._pace.wait(_now())) > 0:  # whoever wakes first starts; a pause may have begun meanwhile
            if wait > self._patience_s:
                raise EndpointError("transport", f"the next request may start in {wait:.0f} s only (rate limit or Retry-After)")
            await asyncio.sleep(wait)
        self._pace.start(_now())

    async def _post(self, body: dict[str, Any]) -> tuple[int, str | None, str]:
        """(status, Retry-After, text)."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})
        self._requests += 1
        try:
            async with asyncio.timeout(self._config.timeout_s) as limit:
                response = await self._http.post(self._url, content=json.dumps(body), headers=headers)
        except TimeoutError:
            if not limit.expired():
                raise
            self._pace.pause(_now() + PAUSE_S)
            raise self._from_here("transport", f"no answer within {self._config.timeout_s:g} s") from None
        except httpx.HTTPError as error:  # without its traceback, which holds the request and so the key
            self._pace.pause(_now() + PAUSE_S)
            raise self._from_here("transport", f"{type(error).__name__}: {self._masked(str(error))}") from None
        return response.status_code, response.headers.get("retry-after"), self._masked(response.text)

    def _from_here(self, failure: Failure, detail: str) -> EndpointError:
        return EndpointError(failure, f"{self._url.netloc.decode()}: {detail}")

    def _masked(self, text: str) -> str:
        return text.replace(self._key, "[API key]") if self._key else text

    def _pay(self, reply: Reply) -> float:
        config = self._config
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            if config.max_cost is not None:
                raise EndpointError("refused", "the server does not report `usage`, so max_cost cannot be kept")
            self._paid(reply, 0.0)
            return 0.0
        cost = price(config, reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens or 0)
        self._tokens += reply.prompt_tokens + reply.completion_tokens
        self._cost += cost
        self._paid(reply, cost)
        return cost


def _api_key(name: str | None) -> str | None:
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key:
        raise EndpointError("refused", f"the environment variable {name} is not set where this actor runs")
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise EndpointError("refused", f"the environment variable {name} holds no API key: it has characters no header takes")
    return key


def _now() -> float:
    return asyncio.get_running_loop().time()


__all__ = ["EndpointClient", "EndpointError", "Reply"]
