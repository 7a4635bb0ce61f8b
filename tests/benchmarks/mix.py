"""Rows as a step has them, in two mixes of lengths. Tokens, logprobs and advantages are drawn: speed does not ask for sense."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa

from rewards.trajectory import Row, Turn, to_table, with_advantage

HEAR, SAY = 30, 10
"""Tokens per turn that the policy reads, and that it samples."""
LONGEST = 2000
MIXES = ("short", "long")


def table(mix: str, rows: int, vocabulary: int, seed: int = 0) -> pa.Table:
    """`short`: 60 to 250 tokens, as the quickstart's; `long`: log-normal, median 300, sigma 1, from 60 to 2000."""
    rng = np.random.default_rng(seed)
    if mix == "short":
        lengths = rng.integers(60, 251, rows)
    else:
        lengths = rng.lognormal(math.log(300), 1.0, rows).clip(60, LONGEST).astype(np.int64)
    filled = to_table(_row(number, int(length), vocabulary, rng) for number, length in enumerate(lengths))
    return with_advantage(filled, [rng.normal(size=length).tolist() for length in lengths])


def _row(number: int, length: int, vocabulary: int, rng: np.random.Generator) -> Row:
    row = Row("agent", "user", "IntentionGym", f"task-{number}", "train", number // 8, f"{number // 8}.{number % 8}")
    turn, place = np.divmod(np.arange(length), HEAR + SAY)
    row.turn = np.where(place >= HEAR, turn, -1).tolist()
    row.tokens = rng.integers(3, vocabulary, length).tolist()
    row.logprobs = [-math.log(vocabulary) if turn >= 0 else None for turn in row.turn]
    row.version = [0 if turn >= 0 else -1 for turn in row.turn]
    row.turns = [Turn(number, "stop", "", {"env": (0.0, "rule")}) for number in sorted({*row.turn} - {-1})]
    return row
