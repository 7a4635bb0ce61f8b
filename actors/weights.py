"""Unpacking published weights into a running vLLM engine, in place.

A publication is data: `{version, checksum, manifest: [(name, dtype, shape, offset)], flat: uint8[n]}`. The checksum is
verified before anything is loaded; a flipped byte is refused.

vLLM on x86 CPUs keeps every linear weight packed inside oneDNN handlers, so an update must go through its layerwise
reload and never through `param.copy_`. With tied embeddings `lm_head` owns a packed copy of `embed_tokens.weight`
that the reload does not rebuild: without `_repack_tied` the engine would answer with the old output embedding.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any, TypedDict

import numpy as np
import torch
import xxhash


class Published(TypedDict):
    """A published set of weights."""

    version: int
    checksum: str
    manifest: list[tuple[str, str, tuple[int, ...], int]]
    flat: np.ndarray


class ChecksumMismatch(RuntimeError):
    """The bytes that arrived are not the bytes that were published."""


def verify(published: Published) -> None:
    """Raise ChecksumMismatch unless the flat buffer is the one that was published."""
    actual = xxhash.xxh3_64_hexdigest(np.ascontiguousarray(published["flat"]).data)
    if actual != published["checksum"]:
        raise ChecksumMismatch(f"weights version {published['version']}: checksum {actual}, published {published['checksum']}")


def unpack(published: Published) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield (name, tensor) views into the flat buffer: no copy, read-only by contract."""
    with warnings.catch_warnings():
        # The object store maps the buffer read-only; nobody writes through these views.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        flat = torch.from_numpy(published["flat"])
    for name, dtype, shape, offset in published["manifest"]:
        kind = getattr(torch, dtype)
        size = math.prod(shape) * torch.empty((), dtype=kind).element_size()
        yield name, flat[offset : offset + size].view(kind).view(tuple(shape))


class WeightsExtension:
    """Mixed into vLLM's worker (`worker_extension_cls`); runs between two engine steps."""

    model_runner: Any
    model_config: Any

    def load_published(self, published: Published) -> None:
        """Load verified weights in place; running requests keep their KV."""
        model = self.model_runner.get_model()
        self.model_runner.reload_weights(weights_iterator=unpack(published))
        _repack_tied(model)


def _repack_tied(model: torch.nn.Module) -> None:
    from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead

    for module in model.modules():
        packed = getattr(module, "cpu_linear", None) is not None
        if isinstance(module, ParallelLMHead) and packed and module.quant_method is not None:
            module.quant_method.process_weights_after_loading(module)
