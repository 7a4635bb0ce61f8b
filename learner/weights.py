"""A set of weights as data: one flat buffer and its table of contents. Packed here, unpacked by whoever samples.

Format: tensors lie in the order of `manifest`, each beginning at its `offset`, a multiple of 64 bytes; dtypes are named
without "torch."; bytes between tensors are zero. `checksum` is xxh3_64 (hex) of the whole buffer. A tied `lm_head` is
left out: its owner ties it again. With `scale` the tensors are low-rank adapters: X.lora_A.weight `[r, in]` and
X.lora_B.weight `[out, r]` make X.weight that of the start model plus scale * B A.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypedDict

import numpy as np
import torch
import xxhash
from numpy.typing import NDArray
from torch.nn import Parameter

from learner.gather import shape_of, whole

ALIGNMENT = 64


class WeightSet(TypedDict):
    """What a learner publishes."""

    version: int
    checksum: str
    scale: float | None
    """Of the adapters; None where whole weights are published."""
    manifest: list[tuple[str, str, tuple[int, ...], int]]
    """(name, dtype, shape, offset in bytes)"""
    flat: NDArray[np.uint8]


def pack(named: Iterable[tuple[str, Parameter]], version: int, scale: float | None = None) -> WeightSet:
    """Copy parameters into one buffer. `named` is what `module.named_parameters()` yields: shared tensors once. Collective
    where ZeRO-3 has divided them (`learner.gather`)."""
    parameters = list(named)
    manifest: list[tuple[str, str, tuple[int, ...], int]] = []
    size = 0
    for name, parameter in parameters:
        shape = shape_of(parameter)
        manifest.append((name, str(parameter.dtype).removeprefix("torch."), shape, size))
        size += -(-math.prod(shape) * parameter.element_size() // ALIGNMENT) * ALIGNMENT
    flat = np.zeros(size, np.uint8)
    buffer = torch.from_numpy(flat)
    for (_, tensor), (_, _, _, offset) in zip(whole(parameters), manifest, strict=True):
        buffer[offset : offset + tensor.nbytes].copy_(tensor.contiguous().view(-1).view(torch.uint8))
    checksum = xxhash.xxh3_64_hexdigest(flat.data)
    return WeightSet(version=version, checksum=checksum, scale=scale, manifest=manifest, flat=flat)
