"""Unpacking published weights into a running vLLM engine, in place.

A publication is data: `{version, checksum, scale, manifest: [(name, dtype, shape, offset)], flat: uint8[n]}`. The checksum
is verified before anything is loaded; a flipped byte is refused. With a `scale` it holds low-rank adapters, and what is
loaded is W + scale * B A with W from the folder the engine started with: always of the start, so nothing adds up.

vLLM on x86 CPUs keeps every linear weight packed inside oneDNN handlers, so an update must go through its layerwise
reload and never through `param.copy_`. With tied embeddings `lm_head` owns a packed copy of `embed_tokens.weight`
that the reload does not rebuild: without `_repack_tied` the engine would answer with the old output embedding.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
import xxhash
from safetensors import safe_open

_A, _B = ".lora_A.weight", ".lora_B.weight"


class Published(TypedDict):
    """A published set of weights."""

    version: int
    checksum: str
    scale: float | None
    """Of adapters X.lora_A.weight and X.lora_B.weight; None for whole weights."""
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


def merged(published: Published, folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the weights that published adapters change, and those of their neighbours: (name, tensor) of the start model's
    type, the sum computed in float32.

    Neighbours (q, k and v; gate and up) come along because vLLM may keep them in one tensor, which it loads whole. Raises
    KeyError when the folder has no such weight.
    """
    assert published["scale"] is not None
    adapters = dict(unpack(published))
    layers = {name.removesuffix(_A) for name in adapters if name.endswith(_A)}
    parents = {layer.rpartition(".")[0] for layer in layers}
    missing = set(layers)
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, framework="pt") as tensors:
            for name in tensors.keys():  # noqa: SIM118  (a file, not a dict)
                layer = name.removesuffix(".weight")
                if layer.rpartition(".")[0] not in parents:
                    continue
                weight = tensors.get_tensor(name)
                if layer in layers and name.endswith(".weight"):
                    missing.discard(layer)
                    delta = adapters[layer + _B].float() @ adapters[layer + _A].float()
                    weight = (weight.float() + published["scale"] * delta).to(weight.dtype)
                yield name, weight
    if missing:
        raise KeyError(f"{folder} holds no weight for the adapters of {sorted(missing)[0]}")


class WeightsExtension:
    """Mixed into vLLM's worker (`worker_extension_cls`); runs between two engine steps."""

    model_runner: Any
    model_config: Any

    def load_published(self, published: Published) -> None:
        """Load verified weights in place; running requests keep their KV."""
        model = self.model_runner.get_model()
        weights = unpack(published) if published["scale"] is None else merged(published, Path(self.model_config.model))
        self.model_runner.reload_weights(weights_iterator=weights)
        _repack_tied(model)


def _repack_tied(model: torch.nn.Module) -> None:
    from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead

    for module in model.modules():
        packed = getattr(module, "cpu_linear", None) is not None
        if isinstance(module, ParallelLMHead) and packed and module.quant_method is not None:
            module.quant_method.process_weights_after_loading(module)
