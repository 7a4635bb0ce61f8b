"""The numbers of an evaluation, on tables made by hand."""

from __future__ import annotations

import itertools
import json
import random
from statistics import fmean

import pytest
from evaluation_cases import result

from cluster.evaluation.measures import ALL, as_json, matrix, measured
from cluster.evaluation.pass_k import pass_all, pass_any
from cluster.evaluation.userrl import userrl


def only(rows, **about):
    (row,) = [row for row in rows if all(getattr(row, name) == value for name, value in about.items())]
    return row


@pytest.mark.parametrize("successes", [(True, False, False), (True, True, False, True), (False,) * 3, (True,) * 4, (True,)])
def test_pass_k_is_the_share_of_draws_without_putting_back(successes):
    for k in range(1, len(successes) + 1):
        draws = list(itertools.combinations(successes, k))
        assert pass_all(successes, k) == pytest.approx(fmean(map(all, draws)))
        assert pass_any(successes, k) == pytest.approx(fmean(map(any, draws)))


def test_pass_k_is_unbiased():
    """Over many samples of 4 episodes it finds p**k, which plugging in the share of successes does not."""
    rng, p, k = random.Random(0), 0.6, 3
    samples = [[rng.random() < p for _ in range(4)] for _ in range(20000)]
    assert fmean(pass_all(sample, k) for sample in samples) == pytest.approx(p**k, abs=0.006)
    assert fmean(pass_any(sample, k) for sample in samples) == pytest.approx(1 - (1 - p) ** k, abs=0.006)
    assert fmean(fmean(sample) ** k for sample in samples) > p**k + 0.03


@pytest.mark.parametrize("k", [0, 3])
def test_more_than_all_episodes_cannot_be_drawn(k):
    with pytest.raises(ValueError, match=f"k is {k}: it must be 1 to the number of episodes, 2"):
        pass_all([True, False], k)


def test_a_gym_is_the_mean_over_its_tasks():
    rows = measured([result("t0", 1.0), result("t0", 0.0), result("t1", 0.25, 0.5, success=True)], seed=0)
    row = only(rows, gym="IntentionGym")
    means = {name: value and value["mean"] for name, value in row.measures.items()}
    expected = {"score": 0.625, "success": 0.5, "return": 0.625, "turns": 1.5, "tokens": None, "judge_errors": 0.0}
    assert means == pytest.approx(expected)
    assert (row.items, row.episodes, row.masked) == (2, 3, 0)
    assert row.measures["score"]["low"] == 0.5 and row.measures["score"]["high"] == 0.75, "tasks are resampled, not episodes"


def test_gyms_count_by_their_items():
    results = [result(f"t{n}", float(n % 2)) for n in range(6)] + [result("x", 0.25, gym="TurtleGym") for _ in range(50)]
    rows = measured(results, seed=0)
    of = {row.gym: row for row in rows}
    weighted = sum(row.items * row.measures["score"]["mean"] for gym, row in of.items() if gym != ALL)
    assert of[ALL].measures["score"]["mean"] == pytest.approx(weighted / 7) == pytest.approx(3.25 / 7)
    assert of[ALL].items == 7


def test_a_failed_episode_is_counted_and_scored_as_nothing():
    failed = {"score": 0.0, "status": "judge_transport"}
    rows = measured([result("t0", 1.0), result("t0", **failed), result("t1", **failed), result("t2", status="error")], seed=0)
    row = only(rows, gym="IntentionGym")
    assert row.measures["score"]["mean"] == 1.0
    assert (row.items, row.episodes, row.masked) == (1, 4, 3)
    assert row.measures["judge_errors"]["mean"] == pytest.approx((0.5 + 1 + 0) / 3)
    everything = measured([result("t1", **failed)], seed=0)[0]
    assert everything.measures["score"] is None and everything.measures["judge_errors"]["mean"] == 1.0
    assert json.loads(json.dumps(as_json(everything)))["pass_all"] == {}


def test_pass_k_is_over_the_tasks_with_k_episodes():
    won, lost = {"success": True}, {"success": False}
    results = [result("t0", **won), result("t0", **won), result("t1", **won), result("t1", **lost), result("t2", **lost)]
    row = only(measured(results, seed=0), gym="IntentionGym")
    assert {k: value["mean"] for k, value in row.pass_all.items()} == pytest.approx({1: 0.5, 2: 0.5})
    assert {k: value["mean"] for k, value in row.pass_any.items()} == pytest.approx({1: 0.5, 2: 1.0})
    assert (row.pass_all[1]["n"], row.pass_all[2]["n"]) == (3, 2)


def test_held_in_and_held_out_are_told_apart():
    rows = measured([result("t0", 1.0), result("t0", 0.0, gym="TurtleGym", tasks="held-out")], seed=0)
    assert [(row.tasks, row.gym, row.measures["score"]["mean"]) for row in rows] == [
        ("held-in", "IntentionGym", 1.0),
        ("held-out", "TurtleGym", 0.0),
        ("all", ALL, 0.5),
    ]


def test_the_transfer_matrix_has_agents_and_users():
    results = [
        result(f"t{n}", value, gym=gym, agent=agent, user=user)
        for (agent, user), value in {("a", "A"): 1.0, ("a", "B"): 0.5, ("b", "A"): 0.25, ("b", "B"): 0.75}.items()
        for gym in ("IntentionGym", "TurtleGym")
        for n in range(3)
    ]
    (grid,) = matrix(measured(results, seed=0)).values()
    found = {agent: {user: row.measures["score"]["mean"] for user, row in of.items()} for agent, of in grid.items()}
    assert found == {"a": {"A": 1.0, "B": 0.5}, "b": {"A": 0.25, "B": 0.75}}
    assert {row.items for of in grid.values() for row in of.values()} == {6}


def test_userrl_takes_the_mean_over_passes_of_what_turns_paid():
    results = [result("t0", 1.0, 0.7), result("t0", 0.4), result("t1", 0.0), result("x", 1.0, gym="TauGym")]
    (report,) = userrl(results, seed=0)
    assert report["gyms"]["IntentionGym"]["mean"] == pytest.approx((1.05 + 0.0) / 2)
    assert report["overall"]["mean"] == pytest.approx((1.05 + 0.0 + 1.0) / 3), "weighted by items"
    assert report["overall"]["n"] == 3


def test_userrl_takes_the_answers_of_a_trip_and_neither_its_searches_nor_its_wishes():
    trips = [
        result("22-a", 0.6, 0.2, 1.0, gym="TravelGym", score=0.5),
        result("22-a", 0.6, 0.0, gym="TravelGym", score=0.0),
        result("444-b", 0.8, 0.8, gym="TravelGym", score=0.25, tasks="held-out"),
    ]
    (report,) = userrl([*trips, result("t0", 3.0)], seed=0)
    assert report["gyms"]["TravelGym"]["mean"] == pytest.approx((0.25 + 0.25) / 2)
    assert report["gyms"]["TravelGym"]["n"] == 2
    assert report["overall"]["mean"] == pytest.approx((0.25 + 0.25 + 3.0) / 3)


def test_userrl_leaves_out_and_counts_a_pass_that_failed():
    (report,) = userrl([result("t0", 1.0), result("t0", 5.0, status="endpoint"), result("t1", status="engine")], seed=0)
    assert report["overall"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 1} and report["masked"] == 2
