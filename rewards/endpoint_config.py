"""How to reach an OpenAI-compatible server, what may be asked of it, and what that may cost.

Invariant: the section names the variable that holds the API key, never the key. Limits and `max_cost` are those of the whole
run; the processes that share an endpoint get equal shares.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)


def _absolute(path: Path) -> Path:
    # Actors have other working directories than the driver.
    return path.expanduser().absolute()


def _mode(value: Any) -> Any:
    return "off" if value is False else value  # YAML reads a bare `off` as false


class EndpointConfig(BaseModel):
    """One model behind one server."""

    model_config = ConfigDict(extra="forbid")

    base_url: str = Field(pattern=r"^https?://[^\s?#/]+(/[^\s?#]*)?$")
    """Up to and including the version: `http://localhost:8000/v1`."""
    model: str = Field(min_length=1)
    """The name the server knows the model by."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the API key, where the actors run; null: the server wants none."""
    requests_per_minute: PositiveFloat | None = None
    """Of the whole run, evenly spaced; null: no limit."""
    max_concurrent: PositiveInt = 64
    """Most requests under way, of the whole run; every process that asks has at least one."""
    timeout_s: PositiveFloat = 20.0
    """For one request, from the moment it is sent."""
    prompt_price: NonNegativeFloat = 0.0
    """Per million prompt tokens, in any currency."""
    cached_price: NonNegativeFloat | None = None
    """Per million prompt tokens that the server read from its cache; null: `prompt_price`."""
    completion_price: NonNegativeFloat = 0.0
    """Per million sampled tokens."""
    max_cost: PositiveFloat | None = None
    """Of the whole run, at these prices: a request that could pass it, by the bytes of its prompt and its `max_tokens`, is not
    sent. An actor that is started again starts counting again."""
    cache: Annotated[Path, AfterValidator(_absolute)] | None = None
    """A JSONL file of answers, appended to or read by all actors."""
    mode: Annotated[Literal["off", "record", "replay"], BeforeValidator(_mode)] = "off"
    """record: ask, and append every answer to `cache`. replay: answer from `cache` alone, never from the network."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Added to the body of every request, over what is there; null leaves a key out."""

    @model_validator(mode="after")
    def _complete(self) -> EndpointConfig:
        if self.mode != "off" and self.cache is None:
            raise ValueError(f"mode {self.mode} needs a `cache`, the file to {self.mode}")
        if self.max_cost is not None and not self.prompt_price + self.completion_price:
            raise ValueError("max_cost needs a prompt_price or a completion_price")
        return self

    def share(self, processes: int) -> EndpointConfig:
        """The part of limits and budget that one of `processes` equal processes may use."""
        each: dict[str, float | None] = {
            "requests_per_minute": self.requests_per_minute and self.requests_per_minute / processes,
            "max_concurrent": math.ceil(self.max_concurrent / processes),
            "max_cost": self.max_cost and self.max_cost / processes,
        }
        return self.model_copy(update=each)
