"""Causal attention inside each segment of a packed `[1, N]` row of tokens, never across segments.

Hugging Face models are pointed here by `attn_implementation=NAME`; the bounds of the segments travel as the keyword
argument `segments` from the model's `forward` down to this function. No mask is built anywhere: a dense block mask is
5-8 times slower on a CPU, and its absence is not noticed by anyone if a model ignores `segments`, hence the check in
`attend`.

Importing this module registers it. Kernels: on CUDA with 16-bit weights one variable-length kernel for all segments
(`torch.nn.attention.varlen`), else one causal `scaled_dot_product_attention` per segment. Heads may be grouped (GQA):
query heads are a multiple of key heads.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface

from learner.packed import Segments

NAME = "parley_segments"


def attend(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    segments: Segments | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Hugging Face attention function. query `[1, H, N, D]`, key and value `[1, H_kv, N, D]` -> `[1, N, H, D]`.

    Raises ValueError when the caller brings no segments, a mask, a sliding window or dropout.
    """
    if segments is None or segments.bounds[-1] != query.shape[2]:
        raise ValueError(f"segments must cover the {query.shape[2]} packed tokens, got {segments}")
    if attention_mask is not None or sliding_window is not None or (dropout and module.training):
        raise ValueError("packed attention knows no mask, no sliding window and no dropout")
    if query.is_cuda and query.dtype in (torch.float16, torch.bfloat16):
        return _varlen(query, key, value, segments, scaling), None
    return _per_segment(query, key, value, segments, scaling), None


def _per_segment(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, segments: Segments, scaling: float | None
) -> torch.Tensor:
    pieces = zip(*(torch.split(tensor, segments.lengths, dim=2) for tensor in (query, key, value)), strict=True)
    outputs = [scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, enable_gqa=True) for q, k, v in pieces]
    return torch.cat(outputs, dim=2).transpose(1, 2)


def _varlen(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, segments: Segments, scaling: float | None
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    bounds = torch.tensor(segments.bounds, dtype=torch.int32, device=query.device)
    longest = max(segments.lengths)
    q, k, v = (tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value))
    grouped = query.shape[1] != key.shape[1]
    causal = (-1, 0)
    output = varlen_attn(q, k, v, bounds, bounds, longest, longest, scale=scaling, window_size=causal, enable_gqa=grouped)
    assert isinstance(output, torch.Tensor)  # a tuple only where `return_aux` asks for one
    return output.unsqueeze(0)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)
