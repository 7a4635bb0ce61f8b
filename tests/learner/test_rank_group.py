"""Real ranks: any split of an update gives what one plain process gives, and what happens when something breaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import ray
import torch
from learner_cases import TEXTS, alike_table, mixed_table, plain_steps, row_logprobs
from transformers import AutoModelForCausalLM

from learner.config import LearnerConfig
from learner.losses import trained_tokens
from learner.plan import plan
from learner.rank_group import LearnerError, RankGroup
from learner.sequences import Sequences
from learner.tiny import make_tiny
from rewards.trajectory import with_advantage

SPLITS = [(1, 0), (1, 2), (2, 0), (2, 1), (2, 2), (2, 3)]
BUDGETS = [60, 150, 4096]
LR = 1e-3


def configuration(ranks: int, zero_stage: int, **settings) -> LearnerConfig:
    return LearnerConfig(ranks=ranks, zero_stage=zero_stage, max_grad_norm=0.05, step_timeout_s=60, **settings)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model") / "tiny", TEXTS, 0)


class Started:
    """A running group and the state to go back to."""

    def __init__(self, model: Path, home: Path, ranks: int, zero_stage: int) -> None:
        self.ranks, self.zero_stage, self.home = ranks, zero_stage, home
        self.group = RankGroup("agent", str(model), configuration(ranks, zero_stage), seed=0)
        self.group.start()
        self.group.save(str(home / "start"))

    def reset(self) -> RankGroup:
        self.group.restore(str(self.home / "start"))
        return self.group


@pytest.fixture(scope="module", params=SPLITS, ids=lambda split: f"ranks{split[0]}-zero{split[1]}")
def started(request, ray_cluster, tiny, tmp_path_factory):
    state = Started(tiny, tmp_path_factory.mktemp("ranks"), *request.param)
    yield state
    state.group.shutdown()


ONE_SPLIT = pytest.mark.parametrize("started", [(2, 2)], indirect=True, ids=["ranks2-zero2"])
"""For what does not depend on the split."""


def weights_of(group: RankGroup) -> dict[str, torch.Tensor]:
    packed = ray.get(group.publish(0), timeout=30)
    flat = torch.from_numpy(packed["flat"].copy())
    return {
        name: flat[offset : offset + 4 * int(np.prod(shape))].view(torch.float32).view(shape)
        for name, dtype, shape, offset in packed["manifest"]
    }


def untimed(metrics: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{name: value for name, value in update.items() if name != "seconds"} for update in metrics]


@pytest.fixture(scope="module")
def references(tiny):
    table = pa.concat_tables([mixed_table(seed=11), alike_table(groups=2, group_size=2)])
    cases = [(1, "token"), (2, "token"), (2, "trajectory")]
    return table, {case: reference(tiny, table, *case) for case in cases}


def reference(tiny, table, minibatches, aggregate):
    model = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    return plain_steps(model, table, configuration(1, 0, aggregate=aggregate), LR, minibatches)


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("case", [(1, "token"), (2, "token"), (2, "trajectory")], ids=lambda case: f"{case[0]}-{case[1]}")
def test_any_split_equals_one_plain_process(started, references, case, budget):
    table, expected = references
    minibatches, aggregate = case
    config = configuration(started.ranks, started.zero_stage, tokens_per_micro_batch=budget, aggregate=aggregate)
    updates = plan(table, config, ranks=started.ranks, minibatches=minibatches, epochs=1, lrs=[LR] * minibatches, seed=0)
    group = started.reset()
    metrics = group.update(table, updates)
    weights, seen = expected[case]
    assert [(m["loss"], m["grad_norm"]) for m in metrics] == [pytest.approx(pair, rel=1e-4) for pair in seen]
    ours = weights_of(group)
    assert set(ours) == set(weights)
    for name, value in weights.items():
        assert torch.allclose(ours[name], value, atol=1e-5), name


def test_resume_is_bit_equal(started, tmp_path):
    table = mixed_table(seed=4)
    config = configuration(started.ranks, started.zero_stage, tokens_per_micro_batch=150)
    updates = plan(table, config, ranks=started.ranks, minibatches=3, epochs=2, lrs=[LR] * 6, seed=0)
    group = started.reset()
    group.update(table, updates[:3])
    group.save(str(tmp_path / "state"))
    straight = group.update(table, updates[3:])
    after = ray.get(group.publish(1), timeout=30)
    group.restore(str(tmp_path / "state"))
    again = group.update(table, updates[3:])
    assert untimed(straight) == untimed(again)
    assert ray.get(group.publish(1), timeout=30)["checksum"] == after["checksum"]


def test_a_non_finite_gradient_raises_and_changes_nothing(started):
    table = mixed_table(seed=5)
    broken = [[float("nan")] * len(values) for values in table.column("advantage").to_pylist()]
    config = configuration(started.ranks, started.zero_stage, tokens_per_micro_batch=150)
    updates = plan(table, config, ranks=started.ranks, minibatches=1, epochs=1, lrs=[LR], seed=0)
    group = started.reset()
    before = ray.get(group.publish(0), timeout=30)["checksum"]
    with pytest.raises(FloatingPointError, match=r"loss is nan in update 0 of policy agent"):
        group.update(with_advantage(table, broken), updates)
    assert ray.get(group.publish(0), timeout=30)["checksum"] == before
    after = group.update(table, updates)
    assert untimed(after) == untimed(started.reset().update(table, updates))


@ONE_SPLIT
def test_nll_learns_and_evaluation_changes_nothing(started):
    table = mixed_table(seed=6)
    table = with_advantage(table, [[1.0 if t >= 0 else 0.2 for t in turn] for turn in table.column("turn").to_pylist()])
    config = configuration(2, 2)
    updates = plan(table, config, ranks=2, minibatches=2, epochs=8, lrs=[3e-3] * 16, seed=0, loss="nll")
    group = started.reset()
    first = group.evaluate(table, updates[:2])
    assert group.evaluate(table, updates[:2])[0]["nll"] == first[0]["nll"]
    metrics = group.update(table, updates, "nll")
    assert metrics[0]["nll"] == pytest.approx(first[0]["nll"], rel=1e-5)
    assert metrics[-1]["nll"] < metrics[0]["nll"] - 0.05
    assert metrics[0]["lr"] == 3e-3 and "lr" not in first[0]


@ONE_SPLIT
def test_export_is_what_the_ranks_compute(started, tmp_path):
    table = mixed_table(seed=7)
    group = started.reset()
    group.export(str(tmp_path / "hf"), 12)
    assert (tmp_path / "hf/version").read_text() == "12\n"
    assert [path.name for path in tmp_path.iterdir()] == ["hf"]
    with pytest.raises(LearnerError, match="exists already"):
        group.export(str(tmp_path / "hf"), 13)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "hf", dtype=torch.float32)
    sequences = Sequences.of(table)
    mask = trained_tokens("grpo", sequences)
    for row, values in enumerate(group.logprobs(table)):
        expected, where = row_logprobs(model, sequences, row, mask)
        assert [position for position, value in enumerate(values) if value is not None] == (
            where - sequences.offsets[row]
        ).tolist()
        assert [value for value in values if value is not None] == pytest.approx(expected.tolist(), abs=1e-5)


@ONE_SPLIT
def test_a_dead_rank_fails_the_step_by_name_and_the_checkpoint_brings_it_back(started):
    table = mixed_table(seed=8)
    config = configuration(2, 2)
    updates = plan(table, config, ranks=2, minibatches=1, epochs=1, lrs=[LR], seed=0)
    group = started.reset()
    expected = group.update(table, updates)[0]["grad_norm"]
    ray.kill(group._ranks[1])
    with pytest.raises(LearnerError, match="learner of policy agent: rank 1 died"):
        group.update(table, updates)
    group.shutdown()
    with pytest.raises(LearnerError, match="learner of policy agent is not started"):
        group.update(table, updates)
    group.start()
    assert started.reset().update(table, updates)[0]["grad_norm"] == expected


def test_a_missing_model_fails_the_start_by_name(ray_cluster, tmp_path):
    group = RankGroup("user", str(tmp_path / "nothing"), configuration(1, 0), seed=0)
    try:
        with pytest.raises(LearnerError, match="learner of policy user: rank 0 failed"):
            group.start()
    finally:
        group.shutdown()
