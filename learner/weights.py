"""A set of weights as data: one flat buffer and its table of contents. Packed here, unpacked by whoever samples.

Format: tensors lie in the order of `manifest`, each beginning at its `offset`, a multiple of 64 bytes; dtypes are named
without "torch."; bytes between tensors are zero. `checksum` is xxh3_64 (hex) of the whole buffer. A tied `lm_head` is
left out: its owner ties it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict

import numpy as np
import torch
import xxhash
from numpy.typing import NDArray

ALIGNMENT = 64


class WeightSet(TypedDict):
    """What a learner publishes."""

    version: int
    checksum: str
    manifest: list[tuple[str, str, tuple[int, ...], int]]
    """(name, dtype, shape, offset in bytes)"""
    flat: NDArray[np.uint8]


def pack(named: Iterable[tuple[str, torch.Tensor]], version: int) -> WeightSet:
    """Copy tensors into one buffer. `named` is what `module.named_parameters()` yields: shared tensors once."""
    tensors = [(name, tensor.detach()) for name, tensor in named]
    manifest: list[tuple[str, str, tuple[int, ...], int]] = []
    size = 0
    for name, tensor in tensors:
        manifest.append((name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), size))
        size += -(-tensor.nbytes // ALIGNMENT) * ALIGNMENT
    flat = np.zeros(size, np.uint8)
    buffer = torch.from_numpy(flat)
    for (_, tensor), (_, _, _, offset) in zip(tensors, manifest, strict=True):
        buffer[offset : offset + tensor.nbytes].copy_(tensor.contiguous().view(-1).view(torch.uint8))
    return WeightSet(version=version, checksum=xxhash.xxh3_64_hexdigest(flat.data), manifest=manifest, flat=flat)
