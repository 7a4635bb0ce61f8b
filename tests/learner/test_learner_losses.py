"""Losses against a slow reference that handles one token at a time, values and gradients."""

from __future__ import annotations

import math

import pytest
import torch

from learner.config import LearnerConfig
from learner.losses import LOSSES, LossInputs
from learner.losses.grpo import k3

CONFIG = LearnerConfig(clip=(0.2, 0.28), tis_cap=2.0)


def random_inputs(seed: int, tokens: int = 40) -> LossInputs:
    generator = torch.Generator().manual_seed(seed)

    def noise(scale: float) -> torch.Tensor:
        return scale * torch.randn(tokens, generator=generator, dtype=torch.float64)

    rollout = -noise(1).abs()
    old = rollout + noise(0.5)
    return LossInputs(
        logprobs=(old + noise(0.3)).requires_grad_(),
        old=old,
        rollout=rollout,
        advantage=noise(1),
        weight=noise(1).abs(),
    )


def reference(inputs: LossInputs, name: str) -> tuple[float, list[float]]:
    """The loss and d loss / d logprob, token by token."""
    low, high = CONFIG.clip
    total, gradient = 0.0, []
    for logp, old, rollout, advantage, weight in zip(
        *(getattr(inputs, field).tolist() for field in ("logprobs", "old", "rollout", "advantage", "weight")), strict=True
    ):
        if name == "nll":
            total -= weight * advantage * logp
            gradient.append(-weight * advantage)
            continue
        ratio = math.exp(logp - old)
        clipped = min(max(ratio, 1 - low), 1 + high)
        importance = min(math.exp(old - rollout), CONFIG.tis_cap)
        total -= weight * importance * min(ratio * advantage, clipped * advantage)
        active = ratio * advantage <= clipped * advantage
        gradient.append(-weight * importance * advantage * ratio * active)
    return total, gradient


@pytest.mark.parametrize("name", ["grpo", "nll"])
@pytest.mark.parametrize("seed", range(5))
def test_matches_reference(name, seed):
    inputs = random_inputs(seed)
    outputs = LOSSES[name].loss(inputs, CONFIG)
    (gradient,) = torch.autograd.grad(outputs.loss, inputs.logprobs)
    value, slopes = reference(inputs, name)
    assert outputs.loss.item() == pytest.approx(value, rel=1e-12)
    assert gradient.tolist() == pytest.approx(slopes, rel=1e-12, abs=1e-15)


def test_metrics_count_what_they_say():
    def column(*values: float) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)

    old = column(-1.0, -1.0, -1.0)
    inputs = LossInputs(
        logprobs=old + column(0.5, -0.5, 0.0),
        old=old,
        rollout=old - column(0.0, 1.0, 0.1),
        advantage=column(1.0, 1.0, -1.0),
        weight=column(1.0, 1.0, 1.0),
    )
    outputs = LOSSES["grpo"].loss(inputs, CONFIG)
    assert outputs.sums["clip_share"] == 1  # the first; a falling ratio with a positive advantage is not clipped
    assert outputs.sums["tis_capped_share"] == 1
    assert outputs.sums["mismatch_kl"].item() == pytest.approx((math.e - 2) + (math.exp(0.1) - 1.1))
    assert outputs.sums["update_kl"].item() == pytest.approx((math.exp(0.5) - 1.5) + (math.exp(-0.5) - 0.5))
    assert outputs.peaks["mismatch_max"].item() == pytest.approx(1.0)
    assert outputs.peaks["ratio_max"].item() == pytest.approx(math.exp(0.5))


def test_the_tails_of_the_mismatch_count_tokens_on_both_sides():
    old = torch.full((6,), -2.0, dtype=torch.float64)
    drift = torch.tensor([0.05, -0.05, 0.2, -0.2, 1.5, -1.5], dtype=torch.float64)
    inputs = LossInputs(old, old, old - drift, torch.ones(6), torch.ones(6))
    sums = LOSSES["grpo"].loss(inputs, CONFIG).sums
    assert (sums["mismatch_over_tenth_share"], sums["mismatch_over_one_share"]) == (4, 2)


def test_a_small_divergence_is_not_lost_in_float32():
    log_ratio = torch.full((1000,), 1e-4, dtype=torch.float32)
    assert k3(log_ratio).mean().item() == pytest.approx(5e-9, rel=0.01)  # exp(x) - 1 - x is off by a factor of ten


@pytest.mark.parametrize("name", ["grpo", "nll"])
def test_a_micro_batch_without_trained_tokens_is_zero_with_a_graph(name):
    empty = torch.zeros(0)
    outputs = LOSSES[name].loss(LossInputs(empty.clone().requires_grad_(), empty, empty, empty, empty), CONFIG)
    outputs.loss.backward()
    assert outputs.loss.item() == 0.0
