"""A judge that is a model behind an OpenAI-compatible server, held to the kind's schema by `response_format`.

It reads the kind's prompt, at temperature 0 unless the endpoint's `extra` says otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from actors.endpoint import EndpointClient
from actors.judges.base import decodable, parsed
from envs.base import VerdictRequest
from envs.verdicts import kind_of
from rewards.endpoint_config import EndpointConfig


class EndpointBackend:
    """One process's share of the endpoint."""

    def __init__(self, endpoint: EndpointConfig, max_tokens: int, patience_s: float) -> None:
        # The server's name stands for the version, which servers do not tell.
        self.source = f"{endpoint.model}@{urlsplit(endpoint.base_url).hostname}"
        self._client = EndpointClient(endpoint, patience_s)
        self._max_tokens = max_tokens

    async def judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]:
        """One raw verdict per request."""
        return await asyncio.gather(*map(self._verdict, requests))

    def counters(self) -> dict[str, Any]:
        """See `EndpointClient.counters`."""
        return {"endpoint": self._client.counters()}

    async def _verdict(self, request: VerdictRequest) -> dict[str, Any] | Exception:
        try:
            reply = await self._client.complete(self._body(request))
            if reply.finish == "length":
                raise ValueError(f"cut off after {self._max_tokens} tokens")
            return parsed(reply.text)
        except Exception as error:  # belongs to this request, not to its neighbours in the batch
            return error

    def _body(self, request: VerdictRequest) -> dict[str, Any]:
        kind = kind_of(request)
        schema = {"name": kind.name.replace(".", "_"), "schema": decodable(kind.schema(request)), "strict": True}
        return {
            "messages": [{"role": message.role, "content": message.content} for message in kind.prompt(request)],
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_tokens": self._max_tokens,
            "temperature": 0,
            "seed": 0,
        }
