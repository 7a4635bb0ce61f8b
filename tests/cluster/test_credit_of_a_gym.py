"""A gym's rows as they are, scripted speakers throughout: its signatures, rewards and successes reach the estimator."""

from __future__ import annotations

import asyncio

import envs
from actors.rollout import Cast, GroupRequest, run_group, scripted
from envs import registry
from learner.assignment import CreditState, assign
from rewards.config import RewardsConfig

TASKS = envs.load("IntentionGym", "train")
SIZE = 6


def play(step: int):
    """Three groups; two in three rollouts ask as the oracle does, the others at random."""
    speakers = registry.entry("IntentionGym").baselines(TASKS)
    cast = Cast(
        acting=lambda _, seed: speakers["oracle" if seed % 3 else "random"](seed),
        partners={"scripted": (1.0, scripted("user"))},
        judge=envs.RuleJudge(),
        gym_params={},
    )
    groups = range(3 * step, 3 * step + 3)
    requests = [GroupRequest(TASKS[n], n, 0, tuple(range(SIZE * n, SIZE * n + SIZE))) for n in groups]
    return [asyncio.run(run_group(request, cast, asyncio.Semaphore(SIZE))) for request in requests]


def test_signatures_successes_and_named_rewards_are_those_of_the_gym():
    section = {"combine": "normalise_then_sum", "turn_cost": {"value": 0.02, "gate": "pass_rate"}}
    config = RewardsConfig.model_validate({"estimator": "turn_gae", **section})
    state = CreditState()
    for step in range(3):
        groups = play(step)
        _, metrics = assign(groups, "scripted:agent", config, state, 0)
    credit = state.gyms["IntentionGym"]
    labels = {turn["signature"] for table in groups for turns in table["turns"].to_pylist() for turn in turns}
    assert len(labels) > 3 and {f"at {label}" for label in labels} <= set(credit.rewards["env"].potential.names)
    values = credit.rewards["env"].potential.solution
    assert values["at answer 0-0-0"] < 0, "nothing is left but the closing turn"
    assert 0 < metrics["turn_cost_share/IntentionGym"] < 1, "some succeed, some do not"
    assert metrics["scale/IntentionGym/env"] > 0.1 and {"productive_share", "unproductive_rise"} <= metrics.keys()
