"""docs/metrics.md has every name that is logged and no other. The metric functions run for real here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pytest
import synthetic_run
from metric_names import GROUPS, filled, tables, undocumented, written

import envs
from cluster.config.sections import GuardsConfig
from cluster.observe.alarm import alarm_scalars
from cluster.observe.guards import Guards
from cluster.record.metrics import IMITATION, credit_scalars, imitation_scalars, learner_scalars, rollout_scalars
from learner.assignment import CreditState, assign
from learner.config import KLConfig, LearnerConfig
from learner.plan import plan
from learner.rank_group import RankGroup
from learner.tiny import make_tiny
from rewards.config import RewardsConfig
from rewards.trajectory import Row, Turn, concat, from_cell, to_table


@pytest.fixture(scope="module")
def learned(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, float]]]:
    """What a rank reports of one step, with everything measured."""
    config = LearnerConfig(step_timeout_s=60, kl=KLConfig(coef=0.1))
    table = synthetic_run.episodes(0.5, 4)
    model = make_tiny(tmp_path_factory.mktemp("model") / "tiny", ["When? Where?"] * 9, 0)
    group = RankGroup("agent", str(model), config, seed=0)
    try:
        group.start()
        updates = plan(table, config, ranks=1, minibatches=1, epochs=1, lrs=[1e-3], seed=0)
        yield group.update(table, updates, measure_kl=config.measures_kl(0))
    finally:
        group.shutdown()


@pytest.fixture(scope="module")
def logged(learned: list[dict[str, float]]) -> set[str]:
    """The names that the metric functions give."""
    failed = [
        to_table([Row("", "user", "IntentionGym", "t", "train", 9, "9.0", status=s)]) for s in ("judge_invalid", "engine")
    ]
    table = synthetic_run.episodes(0.5, 4)
    credit = _credit(to_table(_in_three_turns(from_cell(cell), number < 2) for number, cell in enumerate(table.to_pylist())))
    scalars = rollout_scalars(concat([table, *failed]), 1, envs.gyms()) | credit_scalars(credit) | learner_scalars(learned)
    alarms = Guards(GuardsConfig(masked_episodes=0.0)).look(1, scalars)
    imitated = imitation_scalars("user", [{"step": 1, **dict.fromkeys(IMITATION, 0.0)}])[0]
    return set(scalars | alarm_scalars(alarms) | imitated)


def _credit(group: pa.Table) -> dict[str, float]:
    """What credit assignment tells under either way to combine rewards, in the second step of turn_gae with a turn cost."""
    told: dict[str, float] = {}
    for combine in ("sum_then_normalise", "normalise_then_sum"):
        section = {"estimator": "turn_gae", "combine": combine, "turn_cost": {"value": 0.1, "budget": {"turns": 1}}}
        state, config = CreditState(), RewardsConfig.model_validate(section)
        for _ in range(2):
            told |= assign([group], "agent", config, state, 0)[1]
    return told


def _in_three_turns(episode: Row, pays: bool) -> Row:
    """The episode over three turns of a token each, paid at the last if ever; a label tells in the second what will come."""
    labels = ("start", "near" if pays else "start", "near" if pays else "start")
    turns = [Turn(n, "stop", label, {"env": (float(pays and n == 2), "rule")}) for n, label in enumerate(labels)]
    sampled = {"tokens": [1, 2, 3], "turn": [0, 1, 2], "logprobs": [-0.5] * 3, "version": [0] * 3}
    return replace(episode, turns=turns, group_id=0, **sampled)


def test_what_the_metric_functions_give_is_documented(logged):
    assert {"reward/turn_cost/IntentionGym", "reward/scale/IntentionGym/env", "reward/scale/IntentionGym"} <= logged
    assert {"reward/env", "rollout/masked/engine", "learner/kl_to_start", "alarms/masked_episodes"} <= logged
    assert undocumented(logged) == []


def test_what_the_source_writes_is_documented():
    names, templates, _ = written()
    assert names and templates, "the scan finds what it is made for"
    assert undocumented(names) == []
    for template in templates:
        assert any(name.startswith(template.split("{}")[0]) for name in tables("name")), f"{template} is not documented"


def test_what_is_documented_is_logged(logged):
    names, templates, texts = written()
    for name in tables("name"):
        by_function = name in logged or ("<" in name and any(_covers(name, given) for given in logged))
        by_source = name in names or any(filled(template, name, texts) for template in templates)
        assert by_function or by_source, f"nothing logs {name}"


def _covers(pattern: str, name: str) -> bool:
    head = pattern.split("<")[0]
    return name.startswith(head) and name not in tables("name")


def test_every_row_says_what_it_means_and_is_of_a_group_that_has_its_x_axis():
    for name, (_, meaning, *advice) in tables("name").items():
        assert meaning and len(advice) == 2, name
        assert "/" not in name or name.split("/")[0] in GROUPS, name


def test_the_guards_and_their_defaults_are_those_of_the_configuration():
    config = GuardsConfig()
    for name, (default, condition) in tables("guard").items():
        value = getattr(config, name.strip("`"))
        assert default == ("null" if value is None else str(value)), name
        assert condition
    limits = set(GuardsConfig.model_fields) - {"abort", "baseline_iterations"}
    assert set(tables("guard")) == limits


def test_an_undocumented_name_is_found():
    assert undocumented(["learner/entropy", "learner/made_up", "reward/made_up", "heldout/after/score", "alarms/nothing"]) == [
        "alarms/nothing",
        "learner/made_up",
        "reward/made_up",
    ]
