"""The losses as their papers write them: one trajectory, one turn, one token at a time, on scalars with a graph.

GSPO is the paper's sequence ratio with its graph, of a turn in place of a sequence. Nothing is shared with
`learner.losses` or `learner.plan`: the min and max of the papers instead of bounds, own sums, own denominators.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from learner.config import LearnerConfig
from learner.sequences import Sequences


@dataclass
class Token:
    logprob: torch.Tensor
    old: float
    rollout: float
    advantage: float
    anchor: float


Trajectory = list[list[Token]]
"""Turns of tokens."""


def slow_loss(name: str, config: LearnerConfig, trajectories: Sequence[Trajectory], aggregate: str) -> torch.Tensor:
    """The loss of one optimizer step over `trajectories`, divided and all."""
    sums, lengths = [], []
    for trajectory in trajectories:
        sums.append(sum(_turn_loss(name, config, turn) for turn in trajectory))
        lengths.append(sum(map(len, trajectory)))
    if aggregate == "token":
        return sum(sums) / sum(lengths)
    if aggregate == "trajectory":
        return sum(total / length for total, length in zip(sums, lengths, strict=True)) / len(sums)
    return sum(sums) / (len(sums) * config.constant_tokens)


def _turn_loss(name: str, config: LearnerConfig, turn: list[Token]) -> torch.Tensor:
    """The sum over the turn's tokens."""
    penalty = sum(config.kl.coef * _kl(config, token) for token in turn)
    if name != "gspo":
        return penalty + sum(_token_loss(name, config, token) for token in turn)
    ratio = (sum(token.logprob - token.old for token in turn) / len(turn)).exp()
    weight = min(math.exp(sum(token.old - token.rollout for token in turn) / len(turn)), config.tis_cap)
    (advantage,) = {token.advantage for token in turn}
    return penalty - len(turn) * weight * _clipped(config, ratio, advantage)


def _token_loss(name: str, config: LearnerConfig, token: Token) -> torch.Tensor:
    low, high = config.ratio_bounds
    ratio = (token.logprob - token.old).exp()
    weight = min(math.exp(token.old - token.rollout), config.tis_cap)
    if name == "cispo":
        return -weight * min(max(ratio.item(), low), high) * token.advantage * token.logprob
    return -weight * _clipped(config, ratio, token.advantage)


def _clipped(config: LearnerConfig, ratio: torch.Tensor, advantage: float) -> torch.Tensor:
    low, high = config.ratio_bounds
    surrogate = min(ratio * advantage, min(max(ratio, low), high) * advantage)
    if advantage < 0 and config.dual_clip:
        surrogate = max(surrogate, config.dual_clip * advantage)
    return surrogate + 0.0 * ratio  # a bound has no graph of its own


def _kl(config: LearnerConfig, token: Token) -> torch.Tensor:
    if not config.kl.coef:
        return torch.zeros(())
    weight = min(math.exp(token.old - token.rollout), config.tis_cap)
    ratio, x = (token.logprob - token.old).exp(), token.logprob - token.anchor
    if config.kl.kind == "k1":
        return weight * ratio * x
    if config.kl.kind == "k2":
        return weight * ratio.item() * x * x / 2
    return weight * ratio * ((-x).exp() - 1 + x)


def trajectories_of(
    sequences: Sequences, rows: Sequence[int], logprobs: Sequence[torch.Tensor], old: np.ndarray, anchor: np.ndarray
) -> list[Trajectory]:
    """The sampled tokens of `rows`; `logprobs`, `old` and `anchor` are by flat position."""
    found: dict[int, dict[int, list[Token]]] = {}
    for row in rows:
        span = sequences.span(row)
        for place in range(span.start + 1, span.stop):
            turn = int(sequences.turn[place])
            if turn >= 0:
                token = Token(
                    logprobs[place],
                    float(old[place]),
                    float(sequences.logprobs[place]),
                    float(sequences.advantage[place]),
                    float(anchor[place]),
                )
                found.setdefault(int(sequences.trajectory[row]), {}).setdefault(turn, []).append(token)
    return [list(turns.values()) for turns in found.values()]
