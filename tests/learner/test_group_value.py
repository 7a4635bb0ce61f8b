"""The group-value potential against a slow reference: one weighted least-squares problem over all rows ever seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from learner.estimators import GymState, Rollout, TurnGae, group_value

LAM, RIDGE, DECAY, HORIZON = 0.8, 1.0, 0.9, 16

Step = list[list[Rollout]]


def features(group: Sequence[Rollout], own: int, turn: int) -> dict[object, float]:
    """As the module's docstring has them, written anew."""
    rollout = group[own]
    others = [sum(other.rewards) for number, other in enumerate(group) if number != own]
    g = sum(others) / len(others) if others else 0.0
    row: dict[object, float] = {"one": 1.0, turn: 1.0, "g": g}
    row |= {"earned": g * sum(rollout.rewards[:turn]), "left": g * (HORIZON - turn) / HORIZON}
    return row | ({("label", rollout.signatures[turn]): 1.0} if rollout.signatures[turn] else {})


def everything(step: Step) -> list[tuple[dict[object, float], float]]:
    """(features, reward-to-go) of every turn."""
    return [
        (features(group, own, turn), sum(rollout.rewards[turn:]))
        for group in step
        for own, rollout in enumerate(group)
        for turn in range(len(rollout.rewards))
    ]


def slow_solution(past: Sequence[Step]) -> dict[object, float]:
    """Minimise sum DECAY^age (x' theta - G)^2 + RIDGE |theta|^2 over all past turns."""
    rows = [(DECAY**age, *row) for age, step in enumerate(reversed(past)) for row in everything(step)]
    names = list({name: None for _, row, _ in rows for name in row})
    x = np.array([[row.get(name, 0.0) for name in names] for _, row, _ in rows])
    weight, target = np.array([w for w, _, _ in rows]), np.array([y for _, _, y in rows])
    stacked = np.vstack([np.sqrt(weight)[:, None] * x, np.sqrt(RIDGE) * np.eye(len(names))])
    theta = np.linalg.lstsq(stacked, np.append(np.sqrt(weight) * target, np.zeros(len(names))))[0]
    return dict(zip(names, theta.tolist(), strict=True))


def slow_weights(group: Sequence[Rollout], theta: dict[object, float]) -> list[list[float]]:
    """sum_l lam^l (r + Phi' - Phi), term by term."""
    weights = []
    for own, rollout in enumerate(group):
        turns = range(len(rollout.rewards))
        phi = [sum(theta.get(name, 0.0) * x for name, x in features(group, own, t).items()) for t in turns] + [0.0]
        delta = [rollout.rewards[t] + phi[t + 1] - phi[t] for t in turns]
        weights.append([sum(LAM ** (s - t) * delta[s] for s in turns[t:]) for t in turns])
    return weights


def random_step(rng: np.random.Generator, size: int = 4) -> Step:
    """Groups of one difficulty each, paid on the way too, so that every feature tells something."""

    def rollout(worth: float) -> Rollout:
        turns = int(rng.integers(1, 6))
        paid = (worth * rng.choice([0.0, 0.0, 0.3, 1.0], turns)).tolist()
        return Rollout(paid, [1] * turns, rng.choice(["", "a", "b", "c"], turns).tolist())

    return [[rollout(float(worth)) for _ in range(size)] for worth in rng.uniform(0.2, 2.0, 3)]


def furthest() -> float:
    """Between ours and the slow weights, over six steps, groups of four and rollouts alone."""
    rng, state, estimator = np.random.default_rng(5), GymState(), TurnGae(LAM)
    past: list[Step] = []
    apart = 0.0
    for number in range(6):
        step = random_step(rng, size=1 if number == 3 else 4)
        for group in step if past else ():
            pairs = zip(estimator.weights(group, state), slow_weights(group, slow_solution(past)), strict=True)
            apart = max(apart, *(abs(a - b) for ours, slow in pairs for a, b in zip(ours, slow, strict=True)))
        estimator.observe(state, step)
        past.append(step)
    return apart


def test_it_is_the_ridge_regression_of_all_past_steps():
    assert furthest() < 1e-9


@pytest.mark.parametrize("missing", ["1", "turn 1", "g", "g earned", "g left", "at a"])
def test_the_reference_would_see_a_feature_missing(monkeypatch, missing):
    """So the test above is one of every feature."""
    complete = group_value._rollout_features

    def without(rollout, others):
        return [{name: x for name, x in row.items() if name != missing} for row in complete(rollout, others)]

    monkeypatch.setattr(group_value, "_rollout_features", without)
    assert furthest() > 1e-3
