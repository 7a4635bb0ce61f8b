"""Low-rank adapters in a policy (LoRA, arXiv 2106.09685): a linear layer X answers W x + scale * B A x, and only A and B are
learned.

A and B are submodules of the layer they adapt, added to its output by a forward hook: every parameter keeps the name it has
without adapters, next to X.lora_A.weight `[r, in]` and X.lora_B.weight `[out, r]`, and ZeRO divides all alike. (PEFT does
more than that, and brings accelerate, which makes every import of transformers slower and every saving load DeepSpeed.)

Invariants
- Every rank draws the same adapters from the run's seed; with B = 0 the policy begins as its start model.
- The output layer is never adapted: it may be the embedding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import torch
from torch import nn

from learner.config import LoraConfig

A, B, WEIGHT = ".lora_A.weight", ".lora_B.weight", ".weight"
_OUTPUT = "lm_head"


class _Adapter:
    """The hook of one layer."""

    def __init__(self, scale: float) -> None:
        self.scale, self.on = scale, True

    def __call__(self, layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        if not self.on:
            return output
        down, up = layer.get_submodule("lora_A"), layer.get_submodule("lora_B")
        delta: torch.Tensor = up(down(inputs[0]))
        return output + self.scale * delta


def scale_of(config: LoraConfig) -> float:
    """What B A is multiplied by."""
    return config.alpha / config.rank


def adapt(lm: nn.Module, config: LoraConfig, seed: int) -> None:
    """Add adapters and freeze everything else. Raises ValueError for a target that is no linear layer of the model."""
    linear = {name: layer for name, layer in lm.named_modules() if isinstance(layer, nn.Linear) and name != _OUTPUT}
    last = {name.rpartition(".")[2] for name in linear}
    targets = last if config.targets == "all-linear" else set(config.targets)
    for target in sorted(targets - last):
        near = get_close_matches(target, sorted(last), n=1) or sorted(last)
        raise ValueError(f"learner.lora.targets names {target!r}, no linear layer of the model; try {', '.join(near)}")
    lm.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for name, layer in linear.items():
        if name.rpartition(".")[2] in targets:
            _adapt(layer, config, generator)


def _adapt(layer: nn.Linear, config: LoraConfig, generator: torch.Generator) -> None:
    kind: dict[str, Any] = {"dtype": layer.weight.dtype, "device": layer.weight.device}
    layer.lora_A = nn.Linear(layer.in_features, config.rank, bias=False, **kind)
    layer.lora_B = nn.Linear(config.rank, layer.out_features, bias=False, **kind)
    bound = 1.0 / math.sqrt(layer.in_features)  # as torch draws the weights of a linear layer
    drawn = torch.rand(layer.lora_A.weight.shape, generator=generator) * 2 * bound - bound
    with torch.no_grad():
        layer.lora_A.weight.copy_(drawn)
        layer.lora_B.weight.zero_()
    layer.register_forward_hook(_Adapter(scale_of(config)))


@contextmanager
def without_adapters(lm: nn.Module) -> Iterator[None]:
    """The start model, inside the policy."""
    hooks = [hook for layer in lm.modules() for hook in layer._forward_hooks.values() if isinstance(hook, _Adapter)]
    for hook in hooks:
        hook.on = False
    try:
        yield
    finally:
        for hook in hooks:
            hook.on = True


def merged(state: Mapping[str, torch.Tensor], scale: float) -> dict[str, torch.Tensor]:
    """`state` with X.weight + scale * B A in place of X.weight, A and B. Computed in float32."""
    result = {name: tensor for name, tensor in state.items() if not name.endswith((A, B))}
    for name in state:
        if name.endswith(A):
            layer = name.removesuffix(A)
            weight = state[layer + WEIGHT]
            delta = state[layer + B].float() @ state[name].float()
            result[layer + WEIGHT] = (weight.float() + scale * delta).to(weight.dtype)
    return result
