"""Rows, tables and models that the learner's tests share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from learner.attention import NAME
from learner.config import LearnerConfig
from learner.losses import trained_tokens
from learner.packed import Segments
from learner.plan import plan
from learner.sequences import Sequences
from rewards.trajectory import Row, Turn, to_table

VOCABULARY = 300
"""Below the tiny tokenizer's size: 256 bytes, three special tokens and merges."""

TEXTS = [f"Which {noun} do you want? The {noun} is {number}." for noun in ("date", "price", "size") for number in range(40)]


def row(rng: np.random.Generator, length: int, *, episode: str, first_turn: int = 0, **columns) -> Row:
    """A conversation of alternating halves: others speak, the policy answers, twice."""
    quarter = max(length // 4, 1)
    turn = ([-1] * quarter + [first_turn] * quarter + [-1] * quarter + [first_turn + 1] * length)[:length]
    turn[0] = -1
    sampled = [t >= 0 for t in turn]
    return Row(
        **{
            "policy": "agent",
            "opponent": "scripted",
            "gym": "G",
            "task_id": "t",
            "split": "train",
            "group_id": 0,
            "episode_id": episode,
            "tokens": rng.integers(3, VOCABULARY, length).tolist(),
            "turn": turn,
            "logprobs": [float(-5.0 + 0.3 * rng.normal()) if s else None for s in sampled],
            "version": [0] * length,
            "turns": [Turn(first_turn, "stop"), Turn(first_turn + 1, "stop")],
            "advantage": [float(rng.normal()) if s else 0.0 for s in sampled],
        }
        | columns
    )


def mixed_table(seed: int = 0, trajectories: int = 9, longest: int = 90) -> pa.Table:
    """Trajectories of one or two sequences, of lengths from 6 to below `longest` tokens."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(trajectories):
        for sequence in range(1 + number % 2):
            length = int(rng.integers(6, longest))
            rows.append(row(rng, length, episode=f"e{number}", sequence=sequence, first_turn=2 * sequence))
    return to_table(rows)


def alike_table(seed: int = 0, groups: int = 3, group_size: int = 4) -> pa.Table:
    """Groups of rows that begin alike: with one prompt, some with the same first turn too, one row twice, one cut short."""
    rng = np.random.default_rng(seed)
    rows = []
    for group in range(groups):
        prompt, turn = rng.integers(3, VOCABULARY, 20).tolist(), rng.integers(3, VOCABULARY, 10).tolist()
        for member in range(group_size):
            made = row(rng, 40 + int(rng.integers(20)), episode=f"{group}.{member}", group_id=group)
            made.tokens[:20] = prompt
            if member % 2:
                made.tokens[20:30] = turn
            rows.append(made)
        again, short = rng.normal(size=30).tolist(), slice(0, 30)
        last = rows[-1]
        rows.append(replace(last, episode_id=f"{group}.again", advantage=[2.0 * value for value in last.advantage]))
        cut = {name: getattr(last, name)[short] for name in ("tokens", "turn", "logprobs", "version")}
        rows.append(replace(last, episode_id=f"{group}.cut", advantage=again, **cut))
    return to_table(rows)


def row_logprobs(model: Any, sequences: Sequences, row: int, mask: Any) -> tuple[torch.Tensor, Any]:
    """One row alone through a Hugging Face model: logprobs of its trained tokens, and where they stand in the table."""
    span = sequences.span(row)
    ids = torch.from_numpy(sequences.tokens[span].astype(np.int64))
    where = torch.from_numpy(np.flatnonzero(mask[span]))
    segment = {"segments": Segments((0, len(ids)))} if model.config._attn_implementation == NAME else {}
    logits = model(ids[None], use_cache=False, **segment).logits[0]
    return logits.log_softmax(-1)[where - 1, ids[where]], span.start + where


def plain_steps(
    model: Any, table: pa.Table, config: LearnerConfig, lr: float, minibatches: int = 2
) -> tuple[dict[str, torch.Tensor], list[tuple[float, float]]]:
    """Plain torch, one process, one row at a time: final weights, and loss and gradient norm of each update."""
    config = config.model_copy(update={"ranks": 1, "tokens_per_micro_batch": 2048})
    sequences = Sequences.of(table)
    mask = trained_tokens("grpo", sequences)
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(learned, lr=lr, betas=config.betas, weight_decay=config.weight_decay)
    updates = plan(table, config, ranks=1, minibatches=minibatches, epochs=1, lrs=[lr] * minibatches, seed=0)
    with torch.no_grad():
        old = {row: row_logprobs(model, sequences, row, mask)[0] for row in range(sequences.rows)}
    tokens_of = np.bincount(sequences.trajectory, weights=sequences.per_row(mask))
    seen = []
    for update in updates:
        loss = torch.zeros(())
        for micro in update.micro_batches[0]:
            for row in micro.rows:
                logprobs, where = row_logprobs(model, sequences, row, mask)
                advantage = torch.from_numpy(sequences.advantage[where])
                importance = (old[row] - torch.from_numpy(sequences.logprobs[where])).exp().clamp(max=config.tis_cap)
                ratio = (logprobs - old[row]).exp()
                clipped = ratio.clamp(*config.ratio_bounds)
                share = 1 / tokens_of[sequences.trajectory[row]] if config.denominator == "trajectory" else 1.0
                loss = loss - share * (importance * torch.minimum(ratio * advantage, clipped * advantage)).sum()
        optimizer.zero_grad()
        (loss / update.denominator).backward()
        norm = torch.nn.utils.clip_grad_norm_(learned, config.max_grad_norm)
        optimizer.step()
        seen.append((loss.item() / update.denominator, norm.item()))
    return {name: value.detach() for name, value in model.named_parameters()}, seen
