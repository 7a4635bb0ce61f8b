"""Reading what an OpenAI-compatible server answered: a reply, or which kind of failure it is. Pure functions.

- 408, 425, 429, 5xx: `transport`, the server may do better the next time (but not once a quota is used up).
- Any other status but 200: `refused`. Wrong key, model, URL or request: it will not.
- A 200 without words: `invalid`. No chat completion, an empty one, or one that a filter stopped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from rewards.verdict import Unanswered

PASSING = frozenset({408, 425, 429})
"""Statuses below 500 that say: later."""
NO_QUOTA = "insufficient_quota"
"""The code of a 429 that no waiting mends."""
PAUSE_S = 0.5
"""After a failure that names no time, so that the tries that are left are not used up at once."""
LONGEST_MESSAGE = 300
"""Characters of a server's message that are repeated."""


class EndpointError(Unanswered):
    """An endpoint gave no usable answer."""

    who = "endpoint"


class BudgetSpent(EndpointError):
    """A request was not sent, because it could have passed `max_cost`."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model said. Token counts are None where the server does not tell."""

    text: str
    finish: Literal["stop", "length"]
    prompt_tokens: int | None
    completion_tokens: int | None
    cached_tokens: int | None = None
    """Of the prompt's, those that the server had in its cache."""


def failure_of(status: int, body: str) -> EndpointError | None:
    """The failure that a status other than 200 stands for."""
    if status == 200:
        return None
    message, code = _message(body)
    passing = (status in PASSING or status >= 500) and code != NO_QUOTA
    return EndpointError("transport" if passing else "refused", f"status {status}: {message[:LONGEST_MESSAGE]}")


def reply_of(body: str) -> Reply:
    """The reply in the body of a 200. Its text may be empty: see `spoken`. Raises EndpointError (invalid)."""
    try:
        data = json.loads(body)
        choice = data["choices"][0]
        text = choice["message"].get("content") or ""
        usage = data.get("usage") or {}
        if not isinstance(text, str):
            raise TypeError("content is no text")
        finish: Literal["stop", "length"] = "length" if choice.get("finish_reason") == "length" else "stop"
        # Half a surrogate pair, which JSON can spell, is no text that a table of trajectories takes.
        text = text.encode(errors="replace").decode()
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens")
        return Reply(text, finish, *map(_count, (usage.get("prompt_tokens"), usage.get("completion_tokens"), cached)))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise EndpointError("invalid", f"no chat completion: {body[:LONGEST_MESSAGE]!r}") from None


def spoken(reply: Reply) -> Reply:
    """The reply itself, if it says anything. Raises EndpointError (invalid)."""
    if not reply.text:
        raise EndpointError("invalid", "an empty answer: all thought, refused, or stopped by a filter")
    return reply


def pause_of(retry_after: str | None, now: datetime | None = None) -> float:
    """Seconds that a `Retry-After` header asks for: given as such, or as a date. PAUSE_S without one that can be read."""
    if not retry_after:
        return PAUSE_S
    if retry_after.replace(".", "", 1).isdecimal():
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return PAUSE_S
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds())


def _message(body: str) -> tuple[str, str | None]:
    """(what the server says went wrong, its code for it)."""
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        return " ".join(body.split()), None
    error = data.get("error", data) if isinstance(data, dict) else data
    if not isinstance(error, dict):
        return str(error), None
    return str(error.get("message") or error.get("detail") or error), error.get("code")


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None
