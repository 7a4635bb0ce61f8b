"""What turn_gae is for: in a task with hidden difficulty and a reward at the end it points the same way with less noise.

Six turns of ask, chat or finish under a uniform policy. Asking may find one of two details, the easier the task the sooner;
finishing wins the likelier the more was found; who does not finish gets nothing. The true gradient is computed by dynamic
programming, that of the estimators over 520 groups of 8, with statistics learned on the way as in a run.
"""

from __future__ import annotations

import numpy as np
import pytest

from learner.estimators import Estimator, GymState, Rollout, TrajLoo, TurnGae, TurnLoo, TurnPadded

FIND = (0.7, 0.3)
"""By difficulty."""
WIN = (0.05, 0.4, 0.95)
"""By the number of details found."""
TURNS, ASK, FINISH, ACTIONS = 6, 0, 2, 3


def play(rng: np.random.Generator, difficulty: int) -> tuple[Rollout, list[tuple[int, int]]]:
    """A rollout and its (details found, action) by turn."""
    found, rewards, visits = 0, [], []
    while len(rewards) < TURNS and (not visits or visits[-1][1] != FINISH):
        action = int(rng.integers(ACTIONS))
        visits.append((found, action))
        rewards.append(float(action == FINISH and rng.random() < WIN[found]))
        if action == ASK and rng.random() < FIND[difficulty]:
            found = min(2, found + 1)
    return Rollout(rewards, [1] * len(rewards), [str(state) for state, _ in visits]), visits


def truth() -> np.ndarray:
    """The gradient of the success rate over a table of logits, [found, action]."""
    gradient = np.zeros((3, ACTIONS))
    for chance in FIND:
        move = np.array([[1 - chance, chance, 0], [0, 1 - chance, chance], [0, 0, 1]])
        values, q = np.zeros(3), []
        for _ in range(TURNS):
            q.insert(0, np.stack([move @ values, values, np.array(WIN)], axis=1))
            values = q[0].mean(axis=1)
        here = np.array([1.0, 0.0, 0.0])
        for turn in range(TURNS):
            gradient += here[:, None] * (q[turn] - q[turn].mean(axis=1, keepdims=True)) / ACTIONS / len(FIND)
            here = (here @ move + here) / ACTIONS
    return gradient.ravel()


def estimates(estimator: Estimator, steps: int = 150, warm: int = 20) -> np.ndarray:
    """One gradient per group, of the steps after the first few."""
    rng, state, result = np.random.default_rng(0), GymState(), []
    for step in range(steps):
        groups = [[play(rng, int(difficulty)) for _ in range(8)] for difficulty in rng.integers(0, 2, 4)]
        for group in groups if step >= warm else ():
            gradient = np.zeros((3, ACTIONS))
            for weights, (_, visits) in zip(estimator.weights([r for r, _ in group], state), group, strict=True):
                for weight, (found, action) in zip(weights, visits, strict=True):
                    gradient[found] -= weight / ACTIONS
                    gradient[found, action] += weight
            result.append(gradient.ravel() / len(group))
        estimator.observe(state, [[r for r, _ in group] for group in groups])
    return np.array(result)


def judged(estimator: Estimator) -> tuple[float, float]:
    """(cosine of the mean to the truth, noise over signal of one group)."""
    sample, true = estimates(estimator), truth()
    along = sample.mean(0) @ true / np.linalg.norm(true)
    return float(along / np.linalg.norm(sample.mean(0))), float(sample.var(0).sum() / along**2)


@pytest.fixture(scope="module")
def plain() -> float:
    return judged(TurnLoo())[1]


@pytest.mark.parametrize("estimator", [TrajLoo(), TurnPadded(), TurnLoo(), TurnGae(1.0)], ids=lambda e: type(e).__name__)
def test_the_unbiased_point_along_the_gradient(estimator):
    assert judged(estimator)[0] > 0.99


@pytest.mark.parametrize(("lam", "share"), [(0.95, 0.9), (0.8, 0.65), (0.5, 0.45)])
def test_a_lower_lam_is_less_noisy_and_points_the_same_way(plain, lam, share):
    direction, noise = judged(TurnGae(lam))
    assert direction > 0.99 and noise < share * plain
