"""Alarms: when they are raised, how often, and that neither NaN nor a restart lets one slip through."""

from __future__ import annotations

import json
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cluster.config import parse
from cluster.config.sections import GuardName, GuardsConfig
from cluster.errors import UserError
from cluster.observe.alarm import alarm_scalars
from cluster.observe.guard import GUARDS
from cluster.observe.guards import REPEAT, WINDOW, Guards

OFF = dict.fromkeys(get_args(GuardName))
"""No guard at all."""
WELL = {
    "learner/mismatch_kl": 1e-4,
    "learner/mismatch_over_one_share": 0.0,
    "learner/entropy": 0.8,
    "learner/kl_to_start": 0.05,
    "learner/grad_norm": 0.4,
    "rollout/tokens": 90.0,
    "rollout/zero_weight_groups": 0.3,
    "rollout/masked_share": 0.0,
    "rollout/turns": 6.0,
    "reward/success": 0.6,
    "judge/error_share": 0.0,
}
ILL = {
    "mismatch_kl": 0.03,
    "mismatch_tail": 0.006,
    "entropy_floor": 0.0005,
    "entropy_drop": 0.07,
    "kl_to_start": 0.6,
    "length_drift": 300.0,
    "zero_weight_groups": 0.95,
    "grad_norm": 3.0,
    "grad_norm_jump": 5.0,
    "judge_errors": 0.06,
    "masked_episodes": 0.2,
    "premature_stops": 0.4,
}
"""A value of each guard's metrics beyond its limit, once `WELL` is usual."""


def only(name: str, limit: float | None = None, **settings: object) -> Guards:
    given = limit if limit is not None else getattr(GuardsConfig(grad_norm=2.0), name)
    return Guards(GuardsConfig(**{**OFF, name: given, **settings}))


def alarmed(guards: Guards, values: list[float], metric: str, first: int = 1) -> list[int]:
    return [a.iteration for i, value in enumerate(values, first) for a in guards.look(i, {metric: value})]


def test_a_run_that_is_well_raises_nothing():
    guards = Guards(GuardsConfig(grad_norm=2.0))
    assert [alarm for iteration in range(1, 60) for alarm in guards.look(iteration, WELL)] == []


@pytest.mark.parametrize("name", get_args(GuardName))
def test_each_guard_watches_its_metric_and_says_what_to_do(name):
    guards = Guards(GuardsConfig(grad_norm=2.0))
    for iteration in range(1, 11):
        guards.look(iteration, WELL)
    metric = GUARDS[name].metric
    alarms = {alarm.name: alarm for alarm in guards.look(11, WELL | dict.fromkeys(GUARDS[name].metrics, ILL[name]))}
    alarm = alarms[name]
    assert (alarm.iteration, alarm.metric, alarm.value, alarm.abort) == (11, metric, ILL[name], False)
    assert alarm.limit is not None and alarm.limit != alarm.value
    assert alarm.message.startswith(f"{metric} is ") and alarm.message.endswith(".") and len(alarm.message) > 60
    assert ("below" in alarm.message) == (alarm.value < alarm.limit)
    assert alarm_scalars([alarm]) == {f"alarms/{name}": 1.0}


@pytest.mark.parametrize("name", get_args(GuardName))
def test_null_switches_a_guard_off(name):
    guards = Guards(GuardsConfig(**{"grad_norm": 2.0, name: None}))
    raised = {a.name for i in range(1, 12) for a in guards.look(i, WELL | {GUARDS[name].metric: math.nan})}
    assert name not in raised
    assert raised == {other for other in GUARDS if GUARDS[other].metric == GUARDS[name].metric} - {name}


def test_drift_alarms_both_ways_and_at_the_factor_only():
    metric = "rollout/tokens"
    for value, count in ((29.0, 1), (30.0, 0), (270.0, 0), (271.0, 1)):
        assert len(alarmed(only("length_drift", 3.0), [90.0] * 5 + [value], metric)) == count, value


def test_nothing_is_compared_before_there_is_a_baseline_which_then_stays():
    metric = "learner/entropy"
    guards = only("entropy_drop", 0.5, baseline_iterations=3)
    assert alarmed(guards, [1.0, 0.1, 1.0], metric) == []
    assert alarmed(guards, [0.6] * 30, metric, first=4) == []
    assert alarmed(guards, [0.49], metric, first=34) == [34], "half of the first three's median, not of the last ones'"


def test_a_jump_is_measured_against_the_recent_past_which_follows_a_trend():
    metric = "learner/grad_norm"
    assert alarmed(only("grad_norm_jump", 10.0), [1.0] * 5 + [10.0, 11.0, 1.0], metric) == [7]
    doubling = [1.2**i for i in range(40)]
    assert alarmed(only("grad_norm_jump", 10.0), doubling, metric) == []
    assert doubling[39] > 10 * doubling[WINDOW], "against the first ones it would have been a jump"


def test_where_there_was_nothing_there_is_no_multiple_of_it():
    assert alarmed(only("grad_norm_jump", 10.0), [0.0] * 8 + [0.3], "learner/grad_norm") == []


def test_what_is_not_measured_is_no_reason_to_alarm_or_to_calm_down():
    guards = only("kl_to_start", 0.5)
    assert guards.look(1, {}) == []
    assert len(guards.look(2, {"learner/kl_to_start": 0.7})) == 1
    assert guards.look(3, {}) == []
    assert guards.look(4, {"learner/kl_to_start": 0.7}) == [], "still the same condition"
    assert guards.look(5, {"learner/kl_to_start": 0.1}) == []
    assert len(guards.look(6, {"learner/kl_to_start": 0.7})) == 1, "it came back"


def test_success_that_falls_with_the_turns_is_a_collapse_and_neither_alone_is():
    def raised(*points: tuple[float, float]) -> list[int]:
        guards, usual = only("premature_stops"), [(0.6, 6.0)] * 8
        rows = [{"reward/success": success, "rollout/turns": turns} for success, turns in [*usual, *points]]
        return [alarm.iteration for iteration, row in enumerate(rows, 1) for alarm in guards.look(iteration, row)]

    slide = [(0.6 * share, 6.0 * share) for share in (0.95, 0.9, 0.85, 0.75, 0.5, 0.3)]
    assert raised(*slide) == [12], "the first below 0.8"
    assert raised((0.3, 6.0), (0.1, 9.0)) == [], "the tasks became harder"
    assert raised((0.6, 3.0), (0.8, 2.0)) == [], "the policy became quicker"
    assert raised((0.1, 1.0), (0.1, 6.0), (0.1, 1.0)) == [9, 11], "it had cleared"


def test_an_alarm_of_two_metrics_tells_both_and_half_a_measurement_is_none():
    guards = only("premature_stops")
    for iteration in range(1, 9):
        guards.look(iteration, WELL)
    assert guards.look(9, {"reward/success": 0.1}) == []
    (alarm,) = guards.look(10, {"reward/success": 0.1, "rollout/turns": 2.0})
    assert alarm.message.startswith("reward/success is 0.1, below 0.48 and rollout/turns is 2, below 4.8: ")
    (alarm,) = only("premature_stops").look(1, {"rollout/turns": math.nan})
    assert (alarm.metric, alarm.limit) == ("rollout/turns", None)


def test_abort_marks_the_alarms_that_end_the_run():
    guards = Guards(GuardsConfig(abort=["mismatch_kl"]))
    alarms = guards.look(1, {"learner/mismatch_kl": 1.0, "learner/entropy": 0.0})
    assert {alarm.name: alarm.abort for alarm in alarms} == {"mismatch_kl": True, "entropy_floor": False}


@pytest.mark.parametrize("abort", [["mismatch"], ["grad_norm"], "mismatch_kl"])
def test_abort_takes_names_of_guards_that_have_a_limit(abort):
    with pytest.raises(ValidationError):
        GuardsConfig(abort=abort)


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(UserError, match=r"^guards\.abort\.0 is .*the nearest is mismatch_kl\.$"):
        parse({}, ["guards.abort=[mismatch]"])
    with pytest.raises(UserError, match="the guard grad_norm is null, so it would never end the run"):
        parse({}, ["guards.abort=[grad_norm]"])


NUMBERS = st.one_of(st.floats(0, 4), st.sampled_from([math.nan, math.inf, -math.inf, 0.0]))
ROWS = st.lists(st.dictionaries(st.sampled_from(sorted(WELL)), NUMBERS), max_size=60)
ALL = GuardsConfig(grad_norm=2.0, baseline_iterations=3)


def play(guards: Guards, rows: list[dict[str, float]], first: int = 1) -> list[str]:
    return [repr(alarm) for iteration, row in enumerate(rows, first) for alarm in guards.look(iteration, row)]


@given(ROWS, st.integers(0, 60))
def test_a_restored_machine_goes_on_as_if_nothing_had_happened(rows, cut):
    straight, begun, resumed = Guards(ALL), Guards(ALL), Guards(ALL)
    before = play(begun, rows[:cut])
    resumed.restore(json.loads(json.dumps(begun.state(), allow_nan=False)))
    assert before + play(resumed, rows[cut:], first=cut + 1) == play(straight, rows)
    assert resumed.state() == straight.state()


@given(ROWS)
def test_looking_on_leaves_an_earlier_state_as_it_was(rows):
    guards = Guards(ALL)
    play(guards, rows[:20])
    state = guards.state()
    kept = json.dumps(state)
    play(guards, rows[20:], first=21)
    assert json.dumps(state) == kept


@given(ROWS)
def test_a_number_that_is_not_finite_is_never_passed_over(rows):
    """Every guard of such a number has an alarm then or had one for a condition that lasts, less than REPEAT ago."""
    guards = Guards(ALL)
    last: dict[str, int] = {}
    for iteration, row in enumerate(rows, 1):
        last |= {alarm.name: iteration for alarm in guards.look(iteration, row)}
        for name, guard in GUARDS.items():
            if not all(math.isfinite(row.get(metric, 0.0)) for metric in guard.metrics):
                assert iteration - last[name] < REPEAT


@given(st.lists(st.booleans(), max_size=80))
def test_alarms_begin_with_the_condition_and_do_not_flood(ill):
    guards = only("mismatch_kl", 0.5)
    raised = alarmed(guards, [1.0 if bad else 0.1 for bad in ill], "learner/mismatch_kl")
    expected, since = [], 0
    for iteration, bad in enumerate(ill, 1):
        since = since + 1 if bad else 0
        if bad and since % REPEAT == 1:
            expected.append(iteration)
    assert raised == expected


@given(st.sampled_from(sorted(OFF)), st.lists(st.floats(1e-3, 1.0), min_size=1, max_size=30), st.floats(1e-3, 1.0))
def test_a_limit_that_is_wider_never_alarms_where_a_narrower_one_does_not(name, values, limit):
    """More tolerance, fewer iterations with a condition: `REPEAT` is stepped over so that each of them shows."""
    factor = name in ("length_drift", "grad_norm_jump")
    narrow, wide = (1 + limit, 1 + 2 * limit) if factor else (limit, min(1.0, 2 * limit))
    if name.startswith("entropy") or name == "premature_stops":
        narrow, wide = wide, narrow
    metrics = GUARDS[name].metrics
    spread = [
        {a.iteration for i, value in enumerate(values) for a in guards.look(i * REPEAT, dict.fromkeys(metrics, value))}
        for guards in (only(name, narrow), only(name, wide))
    ]
    assert spread[1] <= spread[0]
