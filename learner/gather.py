"""The whole parameters of a model, also where ZeRO-3 has divided them over the ranks: a bucket at a time.

Invariant: beyond what a rank holds anyway, at most `bucket` numbers are in memory at once, or one parameter that is
larger. That is what lives; an allocator may keep more of what was freed (`docs/benchmarks.md`, gather).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
from torch.nn import Parameter

BUCKET = 20_000_000
"""Numbers gathered at a time: 80 MB in float32. Measured: `docs/benchmarks.md`, gather."""

Named = Iterable[tuple[str, Parameter]]


def shape_of(parameter: Parameter) -> tuple[int, ...]:
    """Of the whole parameter, whatever part of it is here."""
    return tuple(getattr(parameter, "ds_shape", parameter.shape))


def whole(named: Named, bucket: int = BUCKET) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (name, whole value) in the given order. Collective where parameters are divided: every rank must run it to the
    end. A value is valid until the next one is asked for."""
    for part in _buckets(named, bucket):
        with _gathered([parameter for _, parameter in part]):
            for name, parameter in part:
                yield name, parameter.detach()


def _buckets(named: Named, bucket: int) -> Iterator[list[tuple[str, Parameter]]]:
    part: list[tuple[str, Parameter]] = []
    size = 0
    for name, parameter in named:
        numbers = math.prod(shape_of(parameter))
        if part and size + numbers > bucket:
            yield part
            part, size = [], 0
        part.append((name, parameter))
        size += numbers
    if part:
        yield part


def _gathered(parameters: list[Parameter]) -> AbstractContextManager[object]:
    if not any(hasattr(parameter, "ds_id") for parameter in parameters):
        return nullcontext()
    from deepspeed.runtime.zero import GatheredParameters

    context: AbstractContextManager[object] = GatheredParameters(parameters)
    return context
