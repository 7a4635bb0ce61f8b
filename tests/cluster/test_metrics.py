"""The scalars of one iteration, counted by hand."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from cluster.record.metrics import credit_scalars, learner_scalars, rollout_scalars
from learner.assignment import CreditState, assign
from rewards.config import RewardsConfig
from rewards.trajectory import SCHEMA, Row, Turn, to_table

BOTH = ["IntentionGym", "TelepathyGym"]


def row(group: int, member: int, sampled: list[int], **columns: object) -> Row:
    """One prompt token, then as many sampled tokens per turn as given; every turn pays 0.5."""
    first = columns.pop("first_turn", 0)
    turn = [-1] + [first + number for number, count in enumerate(sampled) for _ in range(count)]
    given = {
        "policy": "agent",
        "opponent": "user",
        "gym": "IntentionGym",
        "task_id": f"t{group}",
        "split": "train",
        "group_id": group,
        "episode_id": f"{group}.{member}",
        "tokens": list(range(len(turn))),
        "turn": turn,
        "logprobs": [None] + [-1.0] * (len(turn) - 1),
        "version": [-1] + [columns.pop("version", 0)] * (len(turn) - 1),
        "turns": [Turn(first + n, "stop", rewards={"env": (0.5, "rule")}) for n in range(len(sampled))],
        "score": 0.5,
        "success": False,
        "ended": "terminated",
    }
    return Row(**(given | columns))


def failed(group: int, member: int, status: str) -> Row:
    return Row("", "user", "IntentionGym", f"t{group}", "train", group, f"{group}.{member}", status=status)


def test_staleness_is_the_consuming_version_minus_the_oldest_sampled_one_group_by_group():
    rows = [
        row(0, 0, [2], version=7),
        row(0, 1, [2, 1], version=5),  # the group's oldest
        row(1, 0, [3], version=7),
        failed(1, 1, "engine"),  # sampled nothing
        row(2, 0, [1], version=6),
    ]
    scalars = rollout_scalars(to_table(rows), 7)
    assert (scalars["rollout/staleness_mean"], scalars["rollout/staleness_max"]) == (1.0, 2.0)
    assert not [name for name in rollout_scalars(to_table(rows)) if "staleness" in name]


def test_lengths_are_sampled_tokens_of_an_episode_over_all_its_sequences():
    rows = [row(0, member, [1]) for member in range(18)]
    rows += [row(0, 18, [30, 10]), row(0, 18, [60], sequence=1, first_turn=2)]  # 100 tokens in two sequences
    rows += [row(0, 19, [50])]
    scalars = rollout_scalars(to_table(rows))
    assert scalars["rollout/tokens"] == pytest.approx((18 + 100 + 50) / 20)
    assert scalars["rollout/length_p95"] == pytest.approx(52.5)  # 0.05 of the way from 50 to 100: rank 18.05 of 0..19
    assert scalars["rollout/episodes"] == 20


def test_what_means_something_only_within_a_gym_is_told_gym_by_gym():
    other = {"gym": "TelepathyGym", "score": 1.0, "success": True}
    rows = [row(0, 0, [1, 1]), row(0, 0, [1], sequence=1, first_turn=2), failed(0, 1, "engine"), row(1, 0, [1], **other)]
    scalars = rollout_scalars(to_table(rows), gyms=BOTH)
    assert (scalars["reward/score"], scalars["reward/score/IntentionGym"], scalars["reward/score/TelepathyGym"]) == (
        0.75,
        0.5,
        1,
    )
    assert (scalars["reward/success/IntentionGym"], scalars["reward/success/TelepathyGym"]) == (0.0, 1.0)
    assert (scalars["rollout/turns/IntentionGym"], scalars["rollout/turns/TelepathyGym"]) == (3.0, 1.0)
    assert (scalars["rollout/episodes/IntentionGym"], scalars["rollout/episodes/TelepathyGym"]) == (1.0, 1.0)


def test_whether_gyms_are_told_apart_depends_on_the_run_and_not_on_the_step():
    by_gym = lambda scalars: {name for name in scalars if name.split("/")[-1] in BOTH}  # noqa: E731
    both = [row(0, 0, [1]), row(1, 0, [1], gym="TelepathyGym")]
    expected = by_gym(rollout_scalars(to_table(both), gyms=BOTH))
    assert len(expected) == 8
    for rows in (both[:1], [failed(0, 0, "engine")], []):
        assert by_gym(rollout_scalars(to_table(rows), gyms=BOTH)) == expected
        assert by_gym(rollout_scalars(to_table(rows), gyms=BOTH[:1])) == set()
    one = rollout_scalars(to_table(both[:1]), gyms=BOTH)
    assert one["rollout/episodes/TelepathyGym"] == 0.0
    assert math.isnan(one["reward/score/TelepathyGym"]) and math.isnan(one["rollout/turns/TelepathyGym"])


def test_turns_and_rewards_of_later_sequences_count():
    rows = [row(0, 0, [1, 1]), row(0, 0, [1], sequence=1, first_turn=2), row(0, 1, [1])]
    scalars = rollout_scalars(to_table(rows))
    assert scalars["rollout/turns"] == 2.0
    assert scalars["reward/env"] == pytest.approx(1.0)


def test_the_share_of_cut_turns_and_of_cut_episodes():
    rows = [row(0, 0, [1, 1, 1]), row(0, 1, [1], ended="truncated")]
    rows[0].turns[1].finish = "length"
    scalars = rollout_scalars(to_table(rows))
    assert scalars["rollout/finish_length_share"] == 0.25
    assert scalars["rollout/truncated"] == 0.5


def test_failed_episodes_are_counted_by_kind_and_left_out_of_the_means():
    rows = [row(0, 0, [4]), failed(0, 1, "engine"), failed(0, 2, "judge_invalid"), failed(0, 3, "engine")]
    scalars = rollout_scalars(to_table(rows))
    assert scalars["reward/score"] == 0.5 and scalars["rollout/tokens"] == 4
    assert scalars["rollout/masked_episodes"] == 3 and scalars["rollout/masked_share"] == 0.75
    assert scalars["rollout/masked/engine"] == 2 and scalars["rollout/masked/judge_invalid"] == 1


@pytest.mark.parametrize("table", [SCHEMA.empty_table(), to_table([failed(0, 0, "engine")])], ids=["empty", "all failed"])
def test_nothing_scored_gives_nan_and_no_error(table: pa.Table):
    scalars = rollout_scalars(table, 3)
    assert all(math.isnan(scalars[name]) for name in ("reward/score", "rollout/turns", "rollout/length_p95"))
    assert scalars["rollout/staleness_max"] == 0 and scalars["rollout/episodes"] == 0


def test_groups_without_any_advantage_are_told_once_and_with_the_rollouts():
    even, uneven = [row(0, 0, [1]), row(0, 1, [1])], [row(1, 0, [1]), row(1, 1, [1, 1])]
    config = RewardsConfig(estimator="traj_loo", weights={"env": 1.0})
    _, credit = assign([to_table(even), to_table(uneven)], "agent", config, CreditState(), 0)
    scalars = credit_scalars(credit)
    assert scalars["rollout/zero_weight_groups"] == 0.5
    assert scalars["reward/return_mean"] == credit["return_mean"]
    assert len(scalars) == len(credit) and "reward/zero_weight_groups" not in scalars


@pytest.mark.parametrize("values", [(1.0, math.nan), (math.nan, 1.0)])
def test_a_nan_in_any_update_shows_in_means_and_maxima(values):
    scalars = learner_scalars([{"entropy": value, "ratio_max": value, "seconds": 1.0} for value in values])
    assert set(scalars) == {"learner/entropy", "learner/ratio_max"}
    assert all(map(math.isnan, scalars.values()))


def test_learner_scalars_average_updates_and_keep_the_largest_maximum():
    scalars = learner_scalars([{"entropy": 1.0, "ratio_max": 1.5}, {"entropy": 2.0, "ratio_max": 1.1}])
    assert scalars == {"learner/entropy": 1.5, "learner/ratio_max": 1.5}
