"""Useful tokens per second of one pass, forward and backward, on one thread: the learner's packing against three other ways.

    packed           the learner's: first-fit bins of 2048 tokens, attention segment by segment
    padded           rows in random order, 8 to a batch, padded to its longest
    sorted, padded   the same with rows in order of their lengths
    HF packing       first-fit bins too, told apart by `position_ids` alone: transformers builds a dense block mask; at the
                     learner's bins, and at bins of 512, where that mask is small

Every way is the best of its kind: logits at trained tokens only, no recomputation; padding is on the right, where causal
attention needs no mask. Useful tokens are those of rows, trained or read. All ways must give the same gradient.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from learner.attention import NAME
from learner.batch import Batch
from learner.model import PolicyModel
from learner.packing import first_fit
from tests.benchmarks import mix
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.benchmarks.shape import Shape, in_memory

COMPARES = (
    "Useful tokens per second, forward and backward on one thread, of the learner's packing against padding in random order "
    "and in order of lengths (8 rows a batch) and against packing as transformers does it."
)
BIN, SMALL_BIN, PADDED_ROWS = 2048, 512, 8
VOCABULARY = 1024
LARGEST_DIFFERENCE = 1e-4
"""Of two gradients that are called the same, relative to their norm."""


@dataclass(frozen=True, slots=True)
class Size:
    """Which models, how many rows of each mix, how often."""

    shapes: tuple[Shape, ...]
    rows: tuple[tuple[str, int], ...]
    repeats: int


FULL = Size((Shape(192, 3), Shape(256, 5)), (("short", 64), ("long", 32)), repeats=3)
SMALLEST = Size((Shape(64, 1),), (("short", 4),), repeats=1)


@dataclass(frozen=True, slots=True)
class Way:
    """A model, the rows of each of its batches, and what turns a batch into logprobs of its trained tokens."""

    model: torch.nn.Module
    batches: list[list[int]]
    logprobs: Callable[[Batch, Sequence[int]], tuple[torch.Tensor, np.ndarray]]
    """`[M]`, and where each stands in the table."""


def measure(setting: Setting, size: Size) -> Outcome:
    """All ways in turns, for every model and mix."""
    settings = {
        "dtype": "float32",
        "vocabulary": VOCABULARY,
        "threads": torch.get_num_threads(),
        "rows": [f"{n} {m}" for m, n in size.rows],
    }
    outcome = Outcome(COMPARES, settings)
    for shape in size.shapes:
        for name, rows in size.rows:
            _compare(outcome, shape, name, rows, size.repeats)
    return outcome


def _compare(outcome: Outcome, shape: Shape, name: str, rows: int, repeats: int) -> None:
    batch = Batch(mix.table(name, rows, VOCABULARY), "grpo", torch.device("cpu"))
    tokens, ways = int(batch.sequences.lengths.sum()), _ways(shape, batch.sequences.lengths.tolist())
    gradients = {way: _pass(how, batch)[1] for way, how in ways.items()}  # the first warms up
    packed = gradients["packed"]
    apart = max(float((other - packed).norm() / packed.norm()) for other in gradients.values())
    assert apart < LARGEST_DIFFERENCE, f"gradients differ by {apart}: this is not equal work"
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(repeats):
        for way, how in ways.items():
            seconds[way].append(_pass(how, batch)[0])
    label = f"{packed.numel() / 1e6:.1f} M, {name}"
    rates = {way: outcome.add(f"{label}: {way}", "tokens/s", [tokens / s for s in some]) for way, some in seconds.items()}
    for way in [way for way in ways if way != "packed"]:
        outcome.ratio(f"{label}: packed / {way}", rates["packed"], rates[way])
    outcome.add(f"{label}: most that gradients differ", "of their norm", [apart])


def _ways(shape: Shape, lengths: list[int]) -> dict[str, Way]:
    ours, theirs = PolicyModel(in_memory(shape, VOCABULARY, NAME)), in_memory(shape, VOCABULARY, "sdpa")
    theirs.load_state_dict(ours.lm.state_dict())
    shuffled = np.random.default_rng(0).permutation(len(lengths))
    return {
        "packed": Way(ours, first_fit(lengths, BIN), partial(_packed, ours)),
        "padded": Way(theirs, _by_eight(shuffled), partial(_padded, theirs)),
        "sorted, padded": Way(theirs, _by_eight(np.argsort(lengths, kind="stable")), partial(_padded, theirs)),
        "HF packing": Way(theirs, first_fit(lengths, BIN), partial(_flattened, theirs)),
        f"HF packing, bins of {SMALL_BIN}": Way(theirs, first_fit(lengths, SMALL_BIN), partial(_flattened, theirs)),
    }


def _by_eight(order: np.ndarray) -> list[list[int]]:
    return [order[start : start + PADDED_ROWS].tolist() for start in range(0, len(order), PADDED_ROWS)]


def _pass(way: Way, batch: Batch) -> tuple[float, torch.Tensor]:
    """Seconds for all batches, and the gradient."""
    way.model.zero_grad()
    trained = float(batch.trained.sum())
    began = time.perf_counter()
    for rows in way.batches:
        logprobs, where = way.logprobs(batch, rows)
        loss = -(logprobs * torch.from_numpy(batch.sequences.advantage[where])).sum() / trained
        loss.backward()
    seconds = time.perf_counter() - began
    return seconds, torch.cat([p.grad.flatten() for p in way.model.parameters() if p.grad is not None])


def _packed(model: PolicyModel, batch: Batch, rows: Sequence[int]) -> tuple[torch.Tensor, np.ndarray]:
    packed, where = batch.pack(rows)
    return model(packed, 1.0)[0], where


def _flattened(model: torch.nn.Module, batch: Batch, rows: Sequence[int]) -> tuple[torch.Tensor, np.ndarray]:
    packed, where = batch.pack(rows)
    logits = model(
        input_ids=packed.ids, position_ids=packed.positions, use_cache=False, logits_to_keep=packed.predictors
    ).logits[0]
    return _chosen(logits, packed.targets), where


def _padded(model: torch.nn.Module, batch: Batch, rows: Sequence[int]) -> tuple[torch.Tensor, np.ndarray]:
    spans = [np.arange(*batch.sequences.offsets[row : row + 2]) for row in rows]
    ids = torch.zeros(len(rows), max(map(len, spans)), dtype=torch.int64)
    trained = torch.zeros_like(ids, dtype=torch.bool)
    for place, span in enumerate(spans):
        ids[place, : len(span)] = torch.from_numpy(batch.sequences.tokens[span])
        trained[place, : len(span)] = torch.from_numpy(batch.trained[span])
    row, column = trained.nonzero(as_tuple=True)
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
    where = np.concatenate([span[batch.trained[span]] for span in spans])
    return _chosen(model.lm_head(hidden[row, column - 1]), ids[row, column]), where


def _chosen(logits: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    return logits.float().log_softmax(-1).gather(-1, tokens[:, None])[:, 0]
