"""Judges: what decides, one file per back end."""

from __future__ import annotations

from actors.config import EngineConfig
from actors.judges import custom
from actors.judges.base import Backend
from actors.judges.rules import RulesBackend
from rewards.config import JudgeConfig


def make(config: JudgeConfig, model: str | None, engine: EngineConfig) -> Backend:
    """The back end of a judge actor; `model` is the folder of a vllm judge. Raises what its constructor raises."""
    if config.backend == "rules":
        return RulesBackend()
    if config.backend == "vllm":
        from actors.judges.vllm import VLLMBackend  # vLLM takes seconds to import

        if model is None:
            raise ValueError("a vllm judge needs the folder of its model")
        return VLLMBackend(config, model, engine)
    if config.endpoint is not None:
        from actors.judges.endpoint import EndpointBackend

        return EndpointBackend(config.endpoint, config.max_tokens, config.retry.deadline_s)
    return custom.make(config.backend, config.options)


__all__ = ["Backend", "make"]
