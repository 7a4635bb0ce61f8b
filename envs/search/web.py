"""The web as a back end: one HTTP JSON endpoint. Off unless a gym is made with `backend="web"`.

The endpoint takes `POST {"q": query, "num": count}` and answers `{"organic": [{"title", "snippet"}, ...]}`, as Serper does.

Invariants
- Nothing is imported or contacted before a gym asks for this back end.
- It tries once, within a deadline. Whatever is not a well-formed answer raises BackendError.
- The key is read from the environment and goes into one header; no error and no result repeats it.
- What the web says is cut to a line of bounded length, whoever wrote it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from functools import lru_cache
from typing import Any

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from envs.search.backend import BackendError
from envs.search.world import Article

LONGEST_TITLE = 100
LONGEST_SNIPPET = 400
_KEY_HEADER = "X-API-KEY"


class _Result(BaseModel):
    title: str
    snippet: str = ""


class _Answer(BaseModel):
    organic: list[_Result]


class Web:
    """One endpoint. A client per search: an episode makes a handful, and nothing is left open."""

    def __init__(self, url: str, key_env: str, deadline_s: float) -> None:
        """Raises ValueError for what is no address and for an environment variable without a key."""
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"url is {url!r}, but the backend 'web' needs the http(s) address of a search endpoint.")
        if deadline_s <= 0:
            raise ValueError(f"deadline_s is {deadline_s}, but it is more than 0.")
        self._url, self._deadline_s = url, deadline_s
        self._key = os.environ.get(key_env, "").strip() if key_env else ""
        if key_env and not self._key:
            raise ValueError(f"key_env is {key_env!r}, but this environment variable is not set.")
        if not (self._key.isascii() and self._key.isprintable()):
            raise ValueError(f"key_env is {key_env!r}, but this environment variable holds what no header takes.")

    async def search(self, query: str, count: int) -> list[Article]:
        text = self._masked(await self._post({"q": query, "num": count}))
        try:
            answer = TypeAdapter(_Answer).validate_json(text)
        except ValidationError as error:
            raise BackendError(f"the search endpoint's answer is not as expected: {error.errors()[0]['msg']}") from None
        return [
            Article(_line(each.title, LONGEST_TITLE), _line(each.snippet, LONGEST_SNIPPET)) for each in answer.organic[:count]
        ]

    async def _post(self, body: dict[str, Any]) -> str:
        headers = {_KEY_HEADER: self._key} if self._key else {}
        try:
            async with asyncio.timeout(self._deadline_s), httpx.AsyncClient(timeout=None, verify=_tls()) as client:
                response = await client.post(self._url, json=body, headers=headers)
        except TimeoutError:
            raise BackendError(f"the search endpoint did not answer within {self._deadline_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # without its traceback, which holds the request and so the key
            raise BackendError(f"the search endpoint cannot be reached: {type(error).__name__}") from None
        if response.status_code != httpx.codes.OK:
            raise BackendError(f"the search endpoint answered with status {response.status_code}")
        return response.text

    def _masked(self, text: str) -> str:
        return text.replace(self._key, "[API key]") if self._key else text


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Made once in a process: it takes longer than a search may."""
    return ssl.create_default_context()


def _line(text: str, longest: int) -> str:
    return " ".join(text.split())[:longest]
