"""The group-value potential: what it learns, what it forgets, and what it does not know."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from estimator_cases import by_name

from learner.estimators import GymState, Rollout, TurnGae
from learner.estimators.group_value import group_values
from learner.estimators.ridge import MOST, Ridge
from learner.estimators.turn_gae import LEAST_BLIND_LAM, gae, rises


def walk(rng: np.random.Generator) -> Rollout:
    """Three turns that pay at the end alone: 1 if a find, of probability .5, came in the first; a label says so."""
    found = rng.random() < 0.5
    return Rollout([0.0, 0.0, float(found)], [1, 1, 1], ["0", "1" if found else "0", "1" if found else "0"])


def trained(estimator=None, steps: int = 30, labels: bool = True) -> GymState:
    rng, state = np.random.default_rng(0), GymState()
    for _ in range(steps):
        groups = [[walk(rng) for _ in range(8)] for _ in range(4)]
        if not labels:
            groups = [[Rollout(r.rewards, r.tokens) for r in group] for group in groups]
        (estimator or TurnGae()).observe(state, groups)
    return state


FOUND = Rollout([0.0, 0.0, 1.0], [1, 1, 1], ["0", "1", "1"])
LOST = Rollout([0.0, 0.0, 0.0], [1, 1, 1], ["0", "0", "0"])


def test_it_learns_what_a_label_is_worth():
    values = group_values([FOUND, LOST] * 4, trained())
    assert values[0][1] == pytest.approx(1.0, abs=0.1) and values[1][1] == pytest.approx(0.0, abs=0.1)
    assert values[0][0] == pytest.approx(0.5, abs=0.1)


def test_credit_goes_to_the_turn_that_found():
    """Reward-to-go would praise all three turns alike."""
    found = TurnGae(lam=0.5).weights([FOUND, LOST] * 4, trained())[0]
    assert found[0] > 0.4 and abs(found[1]) < 0.1 and abs(found[2]) < 0.1


def test_the_first_step_is_turn_loo():
    group = [FOUND, LOST, Rollout([0.3], [1])]
    assert TurnGae(kappa=2.0).weights(group, GymState()) == by_name("turn_loo", kappa=2.0)(group)
    assert TurnGae().rises(group, GymState()) is None


def test_the_step_itself_does_not_teach_its_own_weights():
    state = trained(steps=2)
    before = TurnGae().weights([FOUND, LOST], state)
    assert TurnGae().weights([FOUND, LOST], state) == before, "weighing changes nothing"
    TurnGae().observe(state, [[LOST, LOST]] * 4)
    assert TurnGae().weights([FOUND, LOST], state) != before


def test_without_labels_lam_is_not_low():
    """A potential that sees turns only may turn the sign around at a low lam."""
    state = trained(labels=False)
    blind = [Rollout(r.rewards, r.tokens) for r in (FOUND, LOST)]
    values = group_values(blind, state)
    assert TurnGae(lam=0.0).weights(blind, state) == [
        gae(r.rewards, phi, LEAST_BLIND_LAM) for r, phi in zip(blind, values, strict=True)
    ]


def test_a_label_never_seen_is_worth_what_turn_and_group_tell():
    strange = Rollout([0.0, 0.0, 0.0], [1, 1, 1], ["new", "newer", "newest"])
    values = group_values([strange, FOUND, LOST], trained())[0]
    assert all(-0.5 < value < 1.5 for value in values)


def test_turns_and_labels_that_come_later_are_taken_in():
    state = trained(steps=2)
    longer = Rollout([0.0] * 20, [1] * 20, ["late"] * 20)
    assert len(group_values([longer, LOST], state)[0]) == 20
    TurnGae().observe(state, [[longer, LOST]])
    assert {"turn 19", "at late"} <= set(state.potential.names)


def test_the_end_is_worth_nothing():
    """At the cap too: else a rollout could be paid for being cut."""
    assert rises([0.4, 0.5, 0.7]) == pytest.approx([0.1, 0.2, -0.7])
    assert rises([]) == [] and gae([], [], 0.9) == []


def test_empty_rollouts_do_no_harm():
    state = trained(steps=2)
    empty = Rollout([], [])
    assert TurnGae().weights([empty, FOUND], state)[0] == []
    TurnGae().observe(state, [[empty, FOUND]])
    TurnGae().observe(GymState(), [[empty, empty]])


def test_the_ridge_solves_its_equations():
    ridge = Ridge()
    ridge.observe([{"a": 1.0, "b": 2.0}, {"a": 1.0}, {"b": -1.0}], [1.0, 2.0, 3.0], 0.9)
    ridge.observe([{"b": 1.0}, {"c": 1.0}], [4.0, 6.0], 0.5)
    x, y = np.array([[1, 2], [1, 0], [0, -1]]) * 0.5**0.5, np.array([1, 2, 3]) * 0.5**0.5
    gram, moment = x.T @ x + np.diag([0, 1]) + np.eye(2), x.T @ y + [0, 4]
    solved = ridge.solution
    assert [solved["a"], solved["b"]] == pytest.approx(np.linalg.solve(gram, moment).tolist())
    assert solved["c"] == pytest.approx(6 / 2), "one row against a ridge of 1"
    assert ridge.predict([{"a": 1.0, "c": 2.0, "never": 5.0}, {}]) == [pytest.approx(solved["a"] + 2 * solved["c"]), 0.0]


def test_what_does_not_recur_is_forgotten_and_does_not_grow_without_bound():
    ridge = Ridge()
    ridge.observe([{"1": 1.0, f"once {n}": 1.0} for n in range(2 * MOST)], [1.0] * 2 * MOST, 0.9)
    assert len(ridge.names) == MOST and "1" in ridge.names, "what is frequent comes first"
    for _ in range(70):
        ridge.observe([{"1": 1.0}], [1.0], 0.9)
    assert ridge.names == ["1"]


def test_state_survives_json():
    state = trained(steps=3)
    again = GymState.from_json(json.loads(json.dumps(asdict(state))))
    assert again == state
    assert TurnGae().weights([FOUND, LOST], again) == TurnGae().weights([FOUND, LOST], state)
