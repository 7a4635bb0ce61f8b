"""Rows, tables and models that the learner's tests share."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

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
