"""The registry of verdict kinds, and the judge that decides all of them by rule.

A kind is registered by its gym, once, with everything a judge of any back end needs: the classes of request and verdict,
the rule, the check of a verdict against its request, and the prompt and schema for a judge that is a model.

Invariants
- Every kind has a rule, so `RuleJudge` (the embedded default) answers every request at once; a rule that cannot know raises
  ValueError and says that the judge must be a model (`usersim.rubric`: always).
- A verdict leaves `validate_verdict` only if it makes sense for its request; otherwise `ValueError` says why in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from envs.base import Message, Verdict, VerdictRequest

Request = TypeVar("Request", bound=VerdictRequest)
Answer = TypeVar("Answer", bound=Verdict)


@dataclass(frozen=True, slots=True)
class Kind(Generic[Request, Answer]):
    """One kind of verdict."""

    name: str
    request: type[Request]
    verdict: type[Answer]
    rule: Callable[[Request], Answer]
    check: Callable[[Request, Answer], None]
    """Raises `ValueError` when the verdict is out of the request's range."""
    prompt: Callable[[Request], tuple[Message, ...]]
    """What a judging model reads; untrusted text is fenced."""
    schema: Callable[[Request], dict[str, Any]]
    """JSON schema of the answer, bounded by the request, for constrained decoding."""


_KINDS: dict[str, Kind[Any, Any]] = {}


def register(kind: Kind[Any, Any]) -> None:
    """Add a kind; its name is unique."""
    if kind.name in _KINDS:
        raise ValueError(f"The verdict kind {kind.name!r} is registered twice.")
    _KINDS[kind.name] = kind


def kinds() -> list[str]:
    """All registered kinds."""
    return sorted(_KINDS)


def kind_of(request: VerdictRequest) -> Kind[VerdictRequest, Verdict]:
    """The kind a request belongs to."""
    kind = _KINDS.get(request.kind)
    if kind is None or not isinstance(request, kind.request):
        raise ValueError(f"There is no verdict kind {request.kind!r} for a {type(request).__name__}.")
    return cast("Kind[VerdictRequest, Verdict]", kind)


def validate_verdict(request: VerdictRequest, data: Mapping[str, Any], source: str = "rule") -> Verdict:
    """Turn a judge's answer into a verdict signed by `source`, or say in a `ValueError` what is wrong with it."""
    kind = kind_of(request)
    try:
        verdict = kind.verdict.model_validate({**data, "kind": request.kind, "source": source})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise ValueError(f"{request.kind}: {where}: {first['msg']}.") from None
    return checked(request, verdict)


def checked(request: VerdictRequest, verdict: Verdict) -> Verdict:
    """The verdict itself, if it is of its request's kind and in range."""
    kind = kind_of(request)
    if not isinstance(verdict, kind.verdict):
        raise ValueError(f"{request.kind}: a {type(verdict).__name__} is no answer to this request.")
    kind.check(request, verdict)
    return verdict


class RuleJudge:
    """Decides every kind by its rule."""

    async def verdict(self, request: VerdictRequest) -> Verdict:
        return kind_of(request).rule(request)


class NoJudge:
    """Where nothing is judged: a gym is asked only how its episodes begin."""

    async def verdict(self, request: VerdictRequest) -> Verdict:
        raise RuntimeError(f"Nobody is here to judge a {request.kind}.")
