"""What rank 1 of two ZeRO-3 ranks needs, beyond what it holds, while the whole model passes through it for a publication.

Peaks are those of the kernel (VmHWM, put back before each pass). Rank 0 packs the
same model into its buffer meanwhile; its own peak is that buffer more.
"""

from __future__ import annotations

import ctypes
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from learner.config import LearnerConfig
from learner.rank_group import RankGroup
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.publish import TEXTS
from tests.benchmarks.setting import Setting
from tests.benchmarks.shape import Shape, write

COMPARES = (
    "Memory that gathering the weights of a ZeRO-3 model takes on a rank, bucket by bucket, beyond the rank's own half; "
    "against gathering all at once."
)


@dataclass(frozen=True, slots=True)
class Size:
    """Of the model, and in millions of numbers the buckets."""

    shape: Shape
    buckets: tuple[float, ...]
    repeats: int


FULL = Size(Shape(768, 14), (1000, 20, 5), repeats=3)
SMALLEST = Size(Shape(64, 1), (1000, 0.01), repeats=1)


def measure(setting: Setting, size: Size) -> Outcome:
    """One group; the sizes of the buckets in turns."""
    path = write(setting.scratch / "qwen3", size.shape, TEXTS)
    nbytes = (path / "model.safetensors").stat().st_size
    outcome = Outcome(COMPARES, {"model": f"{size.shape.hidden} x {size.shape.layers}, float32, {nbytes / 1e6:.0f} MB"})
    group = RankGroup("agent", str(path), LearnerConfig(ranks=2, zero_stage=3), seed=0)
    found: dict[float, list[tuple[float, float]]] = {bucket: [] for bucket in size.buckets}
    try:
        group.start()
        for repeat in range(size.repeats + 1):
            for bucket in size.buckets:
                passes = [rank.__ray_call__.remote(_pass, int(bucket * 1e6)) for rank in group.handles()]
                measured = ray.get(passes, timeout=setting.config.learner.step_timeout_s)
                if repeat:  # the first warms up
                    found[bucket].append(measured[1])
    finally:
        group.shutdown()
    for bucket in size.buckets:
        name = f"buckets of {bucket:g} M" if bucket * 4e6 < nbytes else "all at once"
        outcome.add(f"{name}: extra memory", "MB", [peak / 1e6 for peak, _ in found[bucket]])
        outcome.add(f"{name}: time", "ms", [1000 * seconds for _, seconds in found[bucket]])
    return outcome


def _pass(rank: Any, bucket: int) -> tuple[float, float]:
    """In a rank: bytes at the peak beyond those before, and seconds."""
    from learner.gather import whole

    ctypes.CDLL(None).malloc_trim(0)  # what earlier passes left with the allocator would hide this one's need
    Path("/proc/self/clear_refs").write_text("5")
    before, began = _status("VmRSS"), time.perf_counter()
    for _ in whole(rank._lm().named_parameters(), bucket):
        continue
    return max(_status("VmHWM") - before, 1.0), time.perf_counter() - began


def _status(name: str) -> float:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024.0 * int(found[1])
