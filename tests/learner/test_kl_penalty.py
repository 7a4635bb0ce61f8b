"""The kinds of the KL penalty by enumeration: what they cost and where they pull, in expectation over every sample."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from learner.config import KLConfig, LearnerConfig
from learner.losses import LossInputs
from learner.losses.kl import penalty

LOGITS = torch.tensor([0.3, -1.0, 0.8, 0.1], dtype=torch.float64)
OLD = torch.tensor([0.1, -0.6, 0.9, -0.3], dtype=torch.float64).log_softmax(0)
ROLLOUT = torch.tensor([0.0, -0.4, 0.6, 0.2], dtype=torch.float64).log_softmax(0)
ANCHOR = torch.tensor([-1.7, 1.0, 0.2, 0.4], dtype=torch.float64).log_softmax(0)

Expected = tuple[float, list[float]]


def differentiated(value: Callable[[torch.Tensor], torch.Tensor]) -> Expected:
    logits = LOGITS.clone().requires_grad_()
    result = value(logits.log_softmax(0))
    (slope,) = torch.autograd.grad(result, logits)
    return result.item(), slope.tolist()


def expected(kind: str, old: torch.Tensor, rollout: torch.Tensor, cap: float = 1e9) -> Expected:
    """Each outcome once, weighted by how often `rollout` draws it."""
    config = LearnerConfig(kl=KLConfig(coef=1.0, kind=kind), tis_cap=cap)

    def value(logprobs: torch.Tensor) -> torch.Tensor:
        inputs = LossInputs(logprobs, old, rollout, torch.zeros(4), rollout.exp(), torch.arange(4))
        return penalty(inputs, ANCHOR, config).loss

    return differentiated(value)


KL = differentiated(lambda logprobs: (logprobs.exp() * (logprobs - ANCHOR)).sum())
OTHER_WAY = differentiated(lambda logprobs: (ANCHOR.exp() * (ANCHOR - logprobs)).sum())
ON_POLICY = LOGITS.log_softmax(0)
SAMPLERS = {
    "on policy": (ON_POLICY, ON_POLICY),
    "later update": (OLD, OLD),
    "stale rollouts": (OLD, ROLLOUT),
}


@pytest.mark.parametrize(("old", "rollout"), SAMPLERS.values(), ids=SAMPLERS)
@pytest.mark.parametrize("kind", ["k1", "k2", "k3"])
def test_every_kind_pulls_along_the_gradient_of_the_kl(kind, old, rollout):
    assert expected(kind, old, rollout)[1] == pytest.approx(KL[1], abs=1e-12)


@pytest.mark.parametrize(("old", "rollout"), SAMPLERS.values(), ids=SAMPLERS)
def test_k1_and_k3_are_worth_the_kl_and_k2_is_not(old, rollout):
    assert expected("k1", old, rollout)[0] == pytest.approx(KL[0], abs=1e-12)
    assert expected("k3", old, rollout)[0] == pytest.approx(KL[0], abs=1e-12)
    halved_square = (ON_POLICY.exp() * (ON_POLICY - ANCHOR).square()).sum().item() / 2
    assert expected("k2", old, rollout)[0] == pytest.approx(halved_square, abs=1e-12)
    assert abs(halved_square - KL[0]) > 0.05


def test_bare_values_as_losses_would_pull_elsewhere():
    """What the weights are for: without them k1 pulls nowhere and k3 along the KL the other way round."""
    weights = ON_POLICY.exp()
    assert differentiated(lambda p: (weights * (p - ANCHOR)).sum())[1] == pytest.approx([0.0] * 4, abs=1e-12)
    bare = differentiated(lambda p: (weights * ((ANCHOR - p).exp() - 1 + p - ANCHOR)).sum())
    assert bare[0] == pytest.approx(KL[0])
    assert bare[1] == pytest.approx(OTHER_WAY[1], abs=1e-12)
    assert bare[1] != pytest.approx(KL[1], abs=0.05)


def test_k2_and_k3_pull_alike_token_by_token_and_k1_is_noisier():
    logprobs = (OLD + 0.3).requires_grad_()
    slopes = {}
    for kind in ("k1", "k2", "k3"):
        config = LearnerConfig(kl=KLConfig(coef=1.0, kind=kind))
        inputs = LossInputs(logprobs, OLD, OLD, torch.zeros(4), torch.ones(4), torch.arange(4))
        (slopes[kind],) = torch.autograd.grad(penalty(inputs, ANCHOR, config).loss, logprobs)
    ratio = (logprobs - OLD).exp().detach()
    assert torch.allclose(slopes["k2"], ratio * (logprobs.detach() - ANCHOR))
    assert torch.allclose(slopes["k3"], slopes["k2"])
    assert torch.allclose(slopes["k1"], slopes["k2"] + ratio)


def test_the_coefficient_scales_the_loss_and_not_the_report():
    inputs = LossInputs(OLD, OLD, OLD, torch.zeros(4), torch.full((4,), 0.5), torch.arange(4))
    one, ten = (penalty(inputs, ANCHOR, LearnerConfig(kl=KLConfig(coef=c, kind="k1"))) for c in (1.0, 10.0))
    assert ten.loss.item() == pytest.approx(10 * one.loss.item())
    assert one.sums["kl_penalty"].item() == ten.sums["kl_penalty"].item() == pytest.approx((OLD - ANCHOR).sum().item())
    assert one.loss.item() == pytest.approx(0.5 * (OLD - ANCHOR).sum().item())


def test_the_weight_of_a_stale_sample_is_truncated():
    capped = expected("k1", OLD, OLD - 5.0, cap=2.0)[0]
    assert capped == pytest.approx(2.0 * torch.e**-5 * KL[0], rel=1e-9)
