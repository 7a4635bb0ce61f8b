"""A real engine plays a user, and what counts as its failure."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import envs
from cluster.errors import RunFailed, UserError
from cluster.evaluation.store import ADDED, COLUMNS
from cluster.traps.benchmark import benchmark
from cluster.usersim.episodes import episodes
from cluster.usersim.measuring import configured
from cluster.usersim.subjects import users
from envs.usersim.traps.bank import bank
from envs.usersim.traps.gym import TrapTask
from envs.usersim.traps.item import TrapItem
from learner.tiny import make_tiny
from rewards.trajectory import Row, to_table

ITEMS = bank("test", "zh-CN")[:4]


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A tiny model, untrained, whose tokenizer knows the words of the prompts."""
    texts = [text for item in ITEMS for text in _shown(item)]
    return make_tiny(tmp_path_factory.mktemp("models") / "user", texts, seed=1, vocabulary=2048, context=4096)


def _shown(item: TrapItem) -> list[str]:
    view = envs.make("TrapGym", task=TrapTask.of(item), partner=None, judge=None, prompt="short").first_view
    return [view.system, *(message.content for message in view.messages)]


def test_an_engine_plays_the_bank(ray_cluster, model, tmp_path):
    asked = ["gyms.params.UserSimGym.prompt=short", "rollout.max_turn_tokens=8", f"run.root={tmp_path}"]
    config = configured(None, asked, [str(model)])
    assert config.rollout.max_context == 4096, "as much as the model holds"
    subjects = users([str(model), "oracle"], config)
    found = benchmark(config, subjects, ITEMS, out=tmp_path / "out", seed=0, resamples=100, resume=False)
    assert found.bank.items == {"trap": 2, "twin": 2} and found.bank.failed == {"user": 0, "oracle": 0}
    assert set(found.users["user"].errors) <= {"E02", "E28", "E01"} and found.users["user"].turns == 4
    assert found.users["user"].overall["invalid"]["mean"] == 1 and found.users["oracle"].overall["bsi"]["mean"] == 1
    table = pq.read_table(tmp_path / "out" / "episodes.parquet")
    assert table.num_rows == 4 + 2 and set(table["policy"].to_pylist()) == {"user"}
    assert all(0 < sum(turn >= 0 for turn in turns) <= 8 for turns in table["turn"].to_pylist())
    (row, *_) = pq.read_table(tmp_path / "out" / "items.parquet").to_pylist()
    assert (row["user"], row["valid"], row["resist"]) == ("user", False, 0.0)


def test_a_context_that_the_model_does_not_hold_is_refused(model):
    with pytest.raises(UserError, match=r"rollout.max_context is 5000: .*user holds 4096 tokens"):
        configured(None, ["rollout.max_context=5000"], [str(model)])


def table(*failed: str | None) -> pa.Table:
    """An episode each; `full` is one whose context was, anything else a status."""
    rows = [
        Row(
            **{"policy": "p", "opponent": "scripted", "gym": "TrapGym", "task_id": f"t{at}", "split": "heldout"},
            **{"group_id": at, "episode_id": f"{at}.0", "attempt": 0, "seed": 1, "state": json.dumps({"error": "E: no"})},
            status="ok" if how in (None, "full") else how,
            ended="context_full" if how == "full" else "terminated",
        )
        for at, how in enumerate(failed)
    ]
    own = [
        pa.array([value] * len(rows), ADDED.field(at).type) for at, value in enumerate(["u", "scripted", "sampled", "items", 0])
    ]
    trajectories = to_table(rows)
    return pa.table([*own, *(trajectories[name] for name in trajectories.schema.names)], schema=COLUMNS)


def test_what_failed_is_told_from_what_was_said():
    found = episodes(table(*[None] * 18, "engine", "full"), ["u"])["u"]
    assert [each.failure for each in found[:18]] == [None] * 18 and found[18].failure == "engine: E: no"
    assert "rollout.max_context is too small" in found[19].failure and found[3].key == ("t3", 0) and found[3].tokens is None
    with pytest.raises(RunFailed, match=r"3 of 20 evaluation episodes failed, the first one: t17 does not fit: rollout.max"):
        episodes(table(*[None] * 17, *["full"] * 3), ["u"])
