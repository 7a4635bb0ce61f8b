"""Turn credits and trajectory scores against the numbers of UserRL's reference code."""

from __future__ import annotations

import pytest

from rewards.credit import rewards_to_go, trajectory_score, turn_credits


@pytest.mark.parametrize(
    ("reward", "credit"),
    [(0, 0.5), (0.2, 0.6906), (0.4, 0.8184), (0.7, 0.9357), (0.8, 0.9615), (1, 1), (2, 1.0677), (-0.1, 0.372)],
)
def test_em_curve(reward, credit):
    assert turn_credits([reward], "em", 0.8) == [credit]


def test_other_credits():
    rewards = [0.0, 0.5, 1.0]
    assert turn_credits(rewards, "naive", 0.8) == rewards
    assert turn_credits(rewards, "equalized", 0.8) == [1.0, 1.0, 1.0]
    assert turn_credits(rewards, "r2g", 0.8) == pytest.approx([0.8 * (0.5 + 0.8), 0.5 + 0.8, 1.0])


def test_scores():
    rewards = [0.0, 0.5, 1.0]
    assert trajectory_score(rewards, "sum", 0.8) == 1.5
    assert trajectory_score([1.0, 0.0, 0.0], "mean", 0.8) == 0.3333  # rounded like the reference
    assert trajectory_score(rewards, "r2g", 0.8) == pytest.approx(0.8 * 0.5 + 0.64)
    assert trajectory_score([0.0] * 15 + [1.0], "mean", 0.8) == 0.0625


@pytest.mark.parametrize("method", ["sum", "mean", "r2g"])
def test_no_turns_score_nothing(method):
    assert trajectory_score([], method, 0.8) == 0.0


@pytest.mark.parametrize("method", ["naive", "equalized", "r2g", "em"])
def test_no_turns_no_credits(method):
    assert turn_credits([], method, 0.8) == []


def test_rewards_to_go():
    assert rewards_to_go([1.0, 2.0, 3.0]) == [6.0, 5.0, 3.0]
