"""The `teach:` section of a run: whose conversations are imitated, how many are played and which are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt, model_validator

from envs.adversarial import Name as Adversarial
from rewards.config import RetryPolicy
from rewards.endpoint_config import EndpointConfig

Share = Annotated[float, Field(ge=0.0, le=1.0)]
PATIENT = RetryPolicy(transport=5, invalid=1, deadline_s=300)
"""Nobody waits for a teacher."""
WAITED = 0.5
"""Share of a request's deadline that may be spent waiting for its turn."""


class TeachConfig(BaseModel):
    """A teacher plays the run's train tasks; its best conversations become a file to imitate."""

    model_config = ConfigDict(extra="forbid")

    endpoint: EndpointConfig | None = None
    """The teacher's server, with its limits, prices and `max_cost`; null: each gym's scripted expert."""
    retry: RetryPolicy = PATIENT
    """endpoint: when a call fails. What still fails then ends its episode, which is never a sample."""
    temperature: NonNegativeFloat = 1.0
    max_tokens: PositiveInt = 512
    """Of one turn."""
    user: Literal["scripted", Adversarial] | None = None
    """Whom the teacher talks to; null: whoever plays the user in training."""
    tasks: PositiveInt | None = None
    """Train tasks of each gym, in the order of the run's first epoch; null: all."""
    episodes: PositiveInt = 4
    """Played of every task."""
    keep: PositiveInt = 1
    """Of every task the best so many are kept, if they are good enough and no duplicates."""
    min_score: Share = 0.5
    similarity: Share | None = 0.9
    """Of two conversations about a task that have more than this share of their word n-grams in common, one is dropped; null:
    only those that are the same word by word."""
    max_failures: PositiveInt = 10
    """So many failed episodes in a row end the command."""

    def at_once(self, most: int) -> int:
        """How many conversations to play at a time, of at most `most`: each has one request under way, and with a rate limit
        none may wait for its turn until it is late."""
        if self.endpoint is None:
            return most
        most = min(most, self.endpoint.max_concurrent)
        rate = self.endpoint.requests_per_minute
        return most if rate is None else max(1, min(most, int(WAITED * self.retry.deadline_s * rate / 60)))

    @model_validator(mode="after")
    def _in_time(self) -> TeachConfig:
        rate = self.endpoint and self.endpoint.requests_per_minute
        if rate and 60 / rate > WAITED * self.retry.deadline_s:
            raise ValueError(
                f"endpoint.requests_per_minute {rate:g} is a request in {60 / rate:g} s: retry.deadline_s "
                f"({self.retry.deadline_s:g}) must be at least {60 / rate / WAITED:g}"
            )
        return self
