"""Rows side by side as tensors: what one forward pass of the policy takes.

Rows that begin alike are packed with one copy of their beginning: each of its tokens is computed once, and attended to by
all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from learner.packing import LEAST_SHARED
from learner.prefixes import Prefixes
from learner.sequences import Sequences


@dataclass(frozen=True, slots=True)
class Segments:
    """Which of the N packed tokens each row brings, and which it attends to."""

    bounds: tuple[int, ...]
    """Where the own tokens of each row begin and end, row after row: (0, n_1, n_1 + n_2, ..., N)."""
    shared: tuple[int, ...] = ()
    """How many tokens each row begins with that another row brings; empty: none does."""
    context: torch.Tensor | None = None
    """[E] int64, where the tokens of whole rows were packed, row after row; None: each just where it stands, E = N."""

    def __post_init__(self) -> None:
        if self.bounds[:1] != (0,) or any(low >= high for low, high in pairwise(self.bounds)):
            raise ValueError(f"segment bounds must rise from 0, got {self.bounds}")

    @property
    def lengths(self) -> list[int]:
        """Of the rows' own parts."""
        return [high - low for low, high in pairwise(self.bounds)]

    @property
    def whole_lengths(self) -> list[int]:
        """Of the rows."""
        return [own + shared for own, shared in zip(self.lengths, self.shared, strict=True)] if self.shared else self.lengths

    @property
    def tokens(self) -> int:
        """N"""
        return self.bounds[-1]

    def whole(self, packed: torch.Tensor) -> torch.Tensor:
        """`[1, H, N, D]` of packed tokens -> `[1, H, E, D]` of whole rows."""
        return packed if self.context is None else packed.transpose(1, 2).index_select(1, self.context).transpose(1, 2)

    def to(self, device: torch.device) -> Segments:
        return Segments(self.bounds, self.shared, None if self.context is None else self.context.to(device))


@dataclass(frozen=True, slots=True)
class Packed:
    """Some rows side by side: N tokens to compute, M of the rows' tokens trained."""

    ids: torch.Tensor
    """[1, N] int64"""
    positions: torch.Tensor
    """[1, N] int64, counted from 0 in every row."""
    targets: torch.Tensor
    """[M] int64, the tokens whose logprobs are wanted; never the first of a row."""
    predictors: torch.Tensor
    """[M] int64, where in `ids` the token before each stands."""
    segments: Segments

    def to(self, device: torch.device) -> Packed:
        ids, positions, targets, predictors = (
            tensor.to(device) for tensor in (self.ids, self.positions, self.targets, self.predictors)
        )
        return Packed(ids, positions, targets, predictors, self.segments.to(device))


def pack(sequences: Sequences, rows: Sequence[int], trained: NDArray[np.bool_]) -> tuple[Packed, NDArray[np.int64]]:
    """Pack `rows`, in an order of its own. `trained` is the mask over all tokens of `sequences`.

    Also returns `[M]`, where the trained tokens stand in the flat arrays of `sequences`, in the order of `targets`.
    """
    order, shared = _order(sequences, rows)
    lengths = sequences.lengths[order]
    spans = [np.arange(*sequences.offsets[row : row + 2]) for row in order]
    flat = np.concatenate([*spans, np.zeros(0, np.int64)])
    position = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    own = position >= np.repeat(shared, lengths)
    place = _places(lengths, shared)
    wanted = np.flatnonzero(trained[flat])
    packed = Packed(
        ids=torch.from_numpy(sequences.tokens[flat[own]].astype(np.int64))[None],
        positions=torch.from_numpy(position[own])[None],
        targets=torch.from_numpy(sequences.tokens[flat[wanted]].astype(np.int64)),
        predictors=torch.from_numpy(place[wanted - 1]),
        segments=_segments(lengths, shared, place),
    )
    return packed, flat[wanted]


def _order(sequences: Sequences, rows: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows, and how much each shares with the one before: nothing, where it would save too little."""
    prefixes, given = Prefixes.of(sequences, rows), np.array(rows, np.int64)
    if sum(prefixes.shared) < LEAST_SHARED * int(sequences.lengths[given].sum()):
        return given, np.zeros_like(given)
    return given[prefixes.order], np.array(prefixes.shared, np.int64)


def _places(lengths: NDArray[np.int64], shared: NDArray[np.int64]) -> NDArray[np.int64]:
    """`[E]` where each token of the rows is packed."""
    place = np.zeros(int(lengths.sum()), np.int64)
    before = start = packed = 0
    for length, common in zip(lengths.tolist(), shared.tolist(), strict=True):
        place[start : start + common] = place[before : before + common]
        place[start + common : start + length] = np.arange(packed, packed + length - common)
        before, start, packed = start, start + length, packed + length - common
    return place


def _segments(lengths: NDArray[np.int64], shared: NDArray[np.int64], place: NDArray[np.int64]) -> Segments:
    """A row that brings nothing of its own needs no attention."""
    brings = lengths > shared
    bounds = (0, *np.cumsum((lengths - shared)[brings]).tolist())
    if not shared.any():
        return Segments(bounds)
    return Segments(bounds, tuple(shared[brings].tolist()), torch.from_numpy(place[np.repeat(brings, lengths)]))
