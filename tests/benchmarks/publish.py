"""From the learner's parameters to an engine that samples with them, in another process, stage by stage.

    pack     one flat buffer and its checksum, as `learner.rank.Rank.publish` does
    store    into Ray's object store, until the driver knows it is there
    fetch    a call to the receiver, which maps the buffer
    verify   the checksum again
    load     `actors.engine.Engine.load`: vLLM's layerwise reload between two steps

The bound is one copy of as many bytes between two warm numpy arrays, taken in turns with the publications. No model hub is
needed: the models are Qwen3-shaped, with random weights, written to a scratch folder.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import ray
from safetensors.torch import load_file

from actors.config import EngineConfig
from actors.engine import Engine
from actors.environment import ENVIRONMENT
from actors.weights import Published, verify
from learner.weights import WeightSet, pack
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.benchmarks.shape import Shape, write

COMPARES = (
    "Publishing float32 weights from a learner process until a vLLM engine in another process holds them, against one copy "
    "of as many bytes in memory (numpy)."
)
STAGES = ("pack", "store", "fetch", "verify", "load")
TEXTS = ("user\nWhat is the date?\n", "assistant\n[action] Which color do you want?\n")


@dataclass(frozen=True, slots=True)
class Size:
    """Which models, how often each."""

    shapes: tuple[Shape, ...]
    repeats: int


FULL = Size((Shape(256, 3), Shape(512, 8), Shape(768, 14)), repeats=5)
SMALLEST = Size((Shape(64, 1),), repeats=1)


class Publisher:
    """Stands for rank 0: holds the parameters by their names."""

    def __init__(self, path: str) -> None:
        self._parameters = load_file(f"{path}/model.safetensors")

    def publish(self, version: int) -> tuple[WeightSet, tuple[float, float]]:
        """The weights, and when packing began and ended. All processes of a machine share this clock."""
        began = time.perf_counter()
        packed = pack(self._parameters.items(), version)
        return packed, (began, time.perf_counter())


class Receiver:
    """Stands for a rollout worker."""

    def __init__(self, path: str) -> None:
        self._engine = Engine("agent", path, EngineConfig(), max_context=64, max_sequences=4)

    async def update(self, reference: list[Any]) -> tuple[float, float, float]:
        """When the weights were here, verified and loaded."""
        published = await reference[0]
        here, verified = time.perf_counter(), []

        def watched(weights: Published) -> None:
            verify(weights)
            verified.append(time.perf_counter())

        with patch("actors.engine.verify", watched):
            await self._engine.load(published)
        assert self._engine.version == published["version"]
        return here, verified[0], time.perf_counter()


def measure(setting: Setting, size: Size) -> Outcome:
    """One model after the other, in two processes."""
    outcome = Outcome(COMPARES, {"dtype": "float32", "hidden x layers": [f"{s.hidden} x {s.layers}" for s in size.shapes]})
    for shape in size.shapes:
        path = write(setting.scratch / f"qwen3-{shape.hidden}-{shape.layers}", shape, TEXTS)
        publisher = ray.remote(Publisher).options(num_cpus=0.5).remote(str(path))
        receiver = ray.remote(Receiver).options(num_cpus=0.5, runtime_env={"env_vars": ENVIRONMENT}).remote(str(path))
        found, copies, nbytes = [], [], 0
        for version in range(1, size.repeats + 2):
            seconds, nbytes = _publish(publisher, receiver, version)
            found.append(seconds)
            copies.append(_copy(nbytes))
        _report(outcome, nbytes, found[1:], copies[1:])  # the first warms up
        for actor in (publisher, receiver):
            ray.kill(actor)
    return outcome


def _report(outcome: Outcome, nbytes: int, found: list[dict[str, float]], copies: list[float]) -> None:
    name = f"{nbytes / 1e6:.0f} MB"
    for stage in STAGES:
        outcome.add(f"{name}: {stage}", "ms", [1000 * seconds[stage] for seconds in found])
    rate = outcome.add(f"{name}: publish to loaded", "GB/s", [nbytes / 1e9 / sum(seconds.values()) for seconds in found])
    bound = outcome.add(f"{name}: one copy", "GB/s", [nbytes / 1e9 / seconds for seconds in copies])
    outcome.ratio(f"{name}: publish to loaded / one copy", rate, bound)


def _publish(publisher: Any, receiver: Any, version: int) -> tuple[dict[str, float], int]:
    """Seconds by stage, and how many bytes."""
    weights, packed = publisher.publish.options(num_returns=2).remote(version)
    ray.wait([packed], fetch_local=False)
    stored = time.perf_counter()
    here, verified, loaded = ray.get(receiver.update.remote([weights]))
    began, ended = ray.get(packed)
    stamps = (began, ended, stored, here, verified, loaded)
    seconds = {stage: after - before for stage, before, after in zip(STAGES, stamps, stamps[1:], strict=False)}
    return seconds, ray.get(weights)["flat"].nbytes


def _copy(nbytes: int) -> float:
    """Seconds for one copy, source and target touched before."""
    source, target = np.ones(nbytes, np.uint8), np.ones(nbytes, np.uint8)
    began = time.perf_counter()
    np.copyto(target, source)
    return time.perf_counter() - began
