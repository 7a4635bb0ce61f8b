"""Causal attention inside each segment of a packed `[1, N]` row of tokens, never across segments.

Hugging Face models are pointed here by `attn_implementation=NAME`; the bounds of the segments travel as the keyword
argument `segments` from the model's `forward` down to this function. No mask is built anywhere: a dense block mask is
5-8 times slower on a CPU, and its absence is not noticed by anyone if a model ignores `segments`, hence the check in
`attend`. Where rows share a beginning, the keys and values of each row are whole again in here, its queries are its own.

Importing this module registers it. Kernels: on CUDA with 16-bit weights one variable-length kernel for all segments
(`torch.nn.attention.varlen`), else one causal `scaled_dot_product_attention` per segment. Heads may be grouped (GQA):
query heads are a multiple of key heads.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import torch
from torch.nn.functional import pad, scaled_dot_product_attention
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
    if segments is None or segments.tokens != query.shape[2]:
        raise ValueError(f"segments must cover the {query.shape[2]} packed tokens, got {segments}")
    if attention_mask is not None or sliding_window is not None or (dropout and module.training):
        raise ValueError("packed attention knows no mask, no sliding window and no dropout")
    kernel = _varlen if query.is_cuda and query.dtype in (torch.float16, torch.bfloat16) else _per_segment
    return kernel(query, segments.whole(key), segments.whole(value), segments, scaling), None


def _per_segment(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, segments: Segments, scaling: float | None
) -> torch.Tensor:
    queries = torch.split(query, segments.lengths, dim=2)
    keys, values = (torch.split(tensor, segments.whole_lengths, dim=2) for tensor in (key, value))
    outputs = [_causal(q, k, v, scaling) for q, k, v in zip(queries, keys, values, strict=True)]
    return torch.cat(outputs, dim=2).transpose(1, 2)


def _causal(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float | None) -> torch.Tensor:
    """The queries are those of the last keys. A mask costs the work above the diagonal, so it pays for few queries only; for
    many, queries of no interest fill up the front."""
    own, shared = query.shape[2], key.shape[2] - query.shape[2]
    if 0 < own <= shared:
        mask = torch.ones(own, own + shared, dtype=torch.bool, device=query.device).tril(shared)
        return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scaling, enable_gqa=True)
    filled = pad(query, (0, 0, shared, 0)) if shared else query
    return scaled_dot_product_attention(filled, key, value, is_causal=True, scale=scaling, enable_gqa=True)[:, :, shared:]


def _varlen(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, segments: Segments, scaling: float | None
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn

    bounds = torch.tensor(segments.bounds, dtype=torch.int32, device=query.device)
    whole = torch.tensor((0, *accumulate(segments.whole_lengths)), dtype=torch.int32, device=query.device)
    longest, longest_whole = max(segments.lengths), max(segments.whole_lengths)
    q, k, v = (tensor[0].transpose(0, 1).contiguous() for tensor in (query, key, value))
    grouped = query.shape[1] != key.shape[1]
    causal = (-1, 0)  # aligned at the end: the last query sees all keys
    output = varlen_attn(q, k, v, bounds, whole, longest, longest_whole, scale=scaling, window_size=causal, enable_gqa=grouped)
    assert isinstance(output, torch.Tensor)  # a tuple only where `return_aux` asks for one
    return output.unsqueeze(0)


AttentionInterface.register(NAME, attend)
AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)
