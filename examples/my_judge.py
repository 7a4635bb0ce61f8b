"""A judge of your own: the rules, but a question that runs on covers nothing.

    judges: {default: {backend: "examples.my_judge:StrictCoverage", options: {most_words: 12}}}

A request carries its evidence, a raw verdict is a dict of the verdict's fields, and whoever asked validates it. Return an
exception for a request that cannot be decided: the episode is masked, never scored 0.
"""

from __future__ import annotations

from typing import Any

from envs.base import VerdictRequest
from envs.intention.verdict import CoverageRequest
from envs.verdicts import kind_of


class StrictCoverage:
    """Decides `intention.coverage` strictly, and every other kind by its rule."""

    source = "strict-coverage@1"

    def __init__(self, most_words: int = 20) -> None:
        self.most_words = most_words

    async def judge(self, requests: list[VerdictRequest]) -> list[dict[str, Any] | Exception]:
        return [self.verdict(request) for request in requests]

    def verdict(self, request: VerdictRequest) -> dict[str, Any]:
        if isinstance(request, CoverageRequest) and len(request.utterance.split()) > self.most_words:
            return {"on_topic": True, "covered": []}
        return kind_of(request).rule(request).model_dump()
