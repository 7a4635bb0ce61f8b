"""A run in which the user is trained, whole: it learns to write its turns, is trained in calls, measured, kept and taken up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_run import Silent
from transformers import AutoTokenizer

from cluster.algorithm import GRPO
from cluster.config import Config, derived, parse
from cluster.grpo_config import GRPOConfig
from cluster.record.export import newest_model
from cluster.train import iterate
from rewards.trajectory import OK

TURNS = 2
CONTEXT = 3200


def calls(root: Path) -> Config:
    return parse(
        {
            "run": {"root": str(root), "name": "calls", "iterations": 1},
            "policies": {"user": {"model": {"tiny": "user"}, "train": True}, "agent": {"speaker": "scripted"}},
            "gyms": {"train": {"UserSimGym": 1.0}, "params": {"UserSimGym": {"prompt": "short", "max_turns": TURNS}}},
            "rollout": {"group_size": 2, "groups_per_step": 2, "max_turn_tokens": 24, "max_context": CONTEXT},
            "rewards": {"weights": {"fmt": 1.0, "outcome": 0.5}},
            "learner": {"minibatches": 1, "lr": 1.0e-3},
            "eval": {"tasks": 1, "greedy": False, "constant_user": False, "baselines": False},
            "monitor": {"wandb": "disabled"},
            "checkpoint": {"every": 1, "keep": 1},
        }
    )


@pytest.fixture(scope="module")
def run(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GRPO]:
    config = calls(tmp_path_factory.mktemp("calls"))
    algorithm = GRPOConfig().run(config).build_algo()
    iterate(algorithm, config, Silent())  # type: ignore[arg-type]
    yield algorithm
    algorithm.stop()


def trained(run: GRPO) -> pa.Table:
    folder = run.recorder.directory.trajectories
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob("train-*.parquet")))


def test_the_user_is_the_policy_and_the_agent_its_partner(run: GRPO):
    assert run.policy == "user" and run.version == 1
    rows = trained(run).to_pylist()
    assert {(row["policy"], row["opponent"], row["status"]) for row in rows} == {("user", "scripted", OK)}
    assert newest_model(run.recorder.directory.path).parts[-2:] == ("user", "hf")


def test_each_turn_is_a_sequence_of_its_own_that_holds_the_profile(run: GRPO):
    rows = trained(run).to_pylist()
    assert len(rows) == 2 * 2 * TURNS
    tokenizer = AutoTokenizer.from_pretrained(newest_model(run.recorder.directory.path))
    for row in rows:
        assert {turn["turn"] for turn in row["turns"]} == {row["sequence"]}
        assert "<dynamic_profile>" in tokenizer.decode(row["tokens"])


def test_a_step_is_taken_as_large_as_it_may_be(tmp_path: Path):
    sizes = derived(calls(tmp_path))
    assert sizes["most_tokens_per_step"] == 4 * TURNS * CONTEXT, "every turn reads its profile anew"
