"""What every judge is: requests in, one raw answer or exception per request out.

A back end does no retries and no validation. Its answers are raw dicts, which the asker validates, so every back end meets
the same checks. What its exceptions mean: `Unanswered` says so itself; `OSError` (connections and timeouts are among them) is
a failure of transport; `ValueError` is an answer without sense; anything else will not be mended by asking again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from actors.transcript import strip_thinking
from envs.base import VerdictRequest
from rewards.verdict import Failure, Unanswered

LONGEST_DETAIL = 500
"""Characters of an error that travel on."""
UNDECODABLE = ("uniqueItems",)
"""Keywords that xgrammar refuses. What they would forbid is refused by the kind's own check."""


class Backend(Protocol):
    """What decides, in batches. `source` names it and its version, as `name@version`, in every reward."""

    source: str

    async def judge(self, requests: list[VerdictRequest]) -> Sequence[dict[str, Any] | Exception]: ...


@runtime_checkable
class Counted(Protocol):
    """A back end that has vitals of its own: `endpoint` with what was asked of one, or `tokens` and `busy_s` of an engine."""

    def counters(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Failed:
    """Instead of an answer. Plain data: exceptions may not survive the way to another process, or carry too much."""

    failure: Failure
    detail: str


def outcome(answer: Any) -> dict[str, Any] | Failed:
    """What a back end returned for one request, fit to travel."""
    if isinstance(answer, dict):
        return answer
    if not isinstance(answer, BaseException):
        return Failed("invalid", f"the back end answered a {type(answer).__name__}, not a dict")
    if isinstance(answer, Unanswered):
        return Failed(answer.failure, answer.detail[:LONGEST_DETAIL])
    kind: Failure = "transport" if isinstance(answer, OSError) else "invalid" if isinstance(answer, ValueError) else "refused"
    return Failed(kind, f"{type(answer).__name__}: {answer}"[:LONGEST_DETAIL])


def parsed(text: str) -> dict[str, Any]:
    """The JSON object that a model wrote after its thoughts. Raises ValueError."""
    answer = strip_thinking(text).strip()
    try:
        data = json.loads(answer)
    except (ValueError, RecursionError):
        raise ValueError(f"not JSON: {answer[:80]!r}") from None
    if not isinstance(data, dict):
        raise ValueError(f"not a JSON object: {answer[:80]!r}")
    return data


def decodable(schema: Any) -> Any:
    """The schema without the keywords that constrained decoding cannot keep."""
    if isinstance(schema, dict):
        return {key: decodable(value) for key, value in schema.items() if key not in UNDECODABLE}
    return [decodable(item) for item in schema] if isinstance(schema, list) else schema
