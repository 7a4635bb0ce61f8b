"""Rows side by side as tensors: what one forward pass of the policy takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from learner.sequences import Sequences


@dataclass(frozen=True, slots=True)
class Segments:
    """Where each packed sequence begins and ends: `bounds` = (0, n_1, n_1 + n_2, ..., N)."""

    bounds: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.bounds[:1] != (0,) or any(low >= high for low, high in zip(self.bounds, self.bounds[1:], strict=False)):
            raise ValueError(f"segment bounds must rise from 0, got {self.bounds}")

    @property
    def lengths(self) -> list[int]:
        return [high - low for low, high in zip(self.bounds, self.bounds[1:], strict=False)]


@dataclass(frozen=True, slots=True)
class Packed:
    """Some rows side by side: N tokens, M of them trained."""

    ids: torch.Tensor
    """[1, N] int64"""
    positions: torch.Tensor
    """[1, N] int64, counted from 0 in every row."""
    trained: torch.Tensor
    """[M] int64, positions in `ids` of the tokens whose logprobs are wanted; never the first of a row."""
    segments: Segments

    def to(self, device: torch.device) -> Packed:
        return Packed(self.ids.to(device), self.positions.to(device), self.trained.to(device), self.segments)


def pack(sequences: Sequences, rows: Sequence[int], trained: NDArray[np.bool_]) -> tuple[Packed, NDArray[np.int64]]:
    """Pack `rows` in the given order. `trained` is the mask over all tokens of `sequences`.

    Also returns `[M]`, where the trained tokens stand in the flat arrays of `sequences`, in the same order.
    """
    spans = [np.arange(*sequences.offsets[row : row + 2]) for row in rows]
    spans = [span for span in spans if len(span)]
    flat = np.concatenate(spans) if spans else np.zeros(0, np.int64)
    wanted = np.flatnonzero(trained[flat])
    packed = Packed(
        ids=torch.from_numpy(sequences.tokens[flat].astype(np.int64))[None],
        positions=torch.from_numpy(np.concatenate([np.arange(len(span)) for span in spans]) if spans else flat)[None],
        trained=torch.from_numpy(wanted),
        segments=Segments((0, *np.cumsum([len(span) for span in spans], dtype=np.int64).tolist())),
    )
    return packed, flat[wanted]
