"""The KL to the start policy: what plain torch computes, on any number of ranks, without a trace in the training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import ray
import torch
from learner_cases import TEXTS, mixed_table
from transformers import AutoModelForCausalLM

from learner.batch import Batch
from learner.config import KLConfig, LearnerConfig
from learner.losses import trained_tokens
from learner.model import PolicyModel
from learner.plan import plan
from learner.rank_group import RankGroup
from learner.reference import Reference
from learner.sequences import Sequences
from learner.tiny import make_tiny

TEMPERATURE = 1.3
LR = 3e-3


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model") / "tiny", TEXTS, 0)


def configuration(ranks: int) -> LearnerConfig:
    return LearnerConfig(ranks=ranks, zero_stage=0 if ranks == 1 else 2, step_timeout_s=60, tokens_per_micro_batch=150)


@pytest.fixture(scope="module")
def groups(ray_cluster: None, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, RankGroup]]:
    """A group of one rank and one of two, each with its start saved."""
    started = {ranks: RankGroup("agent", str(tiny), configuration(ranks), seed=0) for ranks in (1, 2)}
    for ranks, group in started.items():
        group.start()
        group.home = tmp_path_factory.mktemp(f"ranks{ranks}")
        group.save(str(group.home / "start"))
    yield started
    for group in started.values():
        group.shutdown()


def updates(table, group: RankGroup, minibatches: int = 2, epochs: int = 2):
    config, count = group.config, minibatches * epochs
    return plan(table, config, ranks=config.ranks, minibatches=minibatches, epochs=epochs, lrs=[LR] * count, seed=0)


def learn(group: RankGroup, table, measure_kl: bool) -> list[dict[str, float]]:
    """From the start: two calls of four updates; the metrics of the last call."""
    group.restore(str(group.home / "start"))
    group.update(table, updates(table, group), temperature=TEMPERATURE, measure_kl=measure_kl)
    return group.update(table, updates(table, group), temperature=TEMPERATURE, measure_kl=measure_kl)


def checksum(group: RankGroup) -> str:
    return ray.get(group.publish(0), timeout=30)["checksum"]


def test_it_is_zero_at_the_first_step_and_grows_with_learning(groups):
    table = mixed_table(seed=1)
    group = groups[1]
    group.restore(str(group.home / "start"))
    first = group.update(table, updates(table, group), temperature=TEMPERATURE, measure_kl=True)
    assert len(first) == 4
    for metrics in first:  # of the policy at the start of the call, also in later updates
        assert abs(metrics["kl_to_start"]) < 1e-9
        assert abs(metrics["kl_to_start_k1"]) < 1e-6
    second = group.update(table, updates(table, group), temperature=TEMPERATURE, measure_kl=True)
    assert all(metrics["kl_to_start"] > 1e-4 for metrics in second)


@pytest.mark.parametrize(("ranks", "trajectories"), [(1, 9), (2, 9), (2, 1)], ids=["one rank", "two ranks", "a filler"])
def test_it_is_what_plain_torch_computes(groups, tiny, ranks, trajectories):
    table = mixed_table(seed=2, trajectories=trajectories)
    group = groups[ranks]
    learn(group, table, measure_kl=False)
    now = group.logprobs(table, TEMPERATURE)
    (measured,) = group.update(table, updates(table, group, 1, 1), temperature=TEMPERATURE, measure_kl=True)
    start = AutoModelForCausalLM.from_pretrained(tiny, dtype=torch.float32)
    sequences = Sequences.of(table)
    mask = trained_tokens("grpo", sequences)
    ratios = []
    for row in range(sequences.rows):
        span = sequences.span(row)
        ids = torch.from_numpy(sequences.tokens[span].astype(np.int64))
        with torch.no_grad():
            logprobs = (start(ids[None], use_cache=False).logits[0] / TEMPERATURE).log_softmax(-1)
        ratios += [logprobs[place - 1, ids[place]].item() - now[row][place] for place in np.flatnonzero(mask[span])]
    x = np.array(ratios)
    assert measured["tokens"] == len(x)
    assert measured["kl_to_start"] == pytest.approx(float(np.mean(np.exp(x) - 1 - x)), rel=1e-3)
    assert measured["kl_to_start_k1"] == pytest.approx(float(np.mean(-x)), rel=1e-3)


@pytest.mark.parametrize("ranks", [1, 2])
def test_measuring_leaves_no_trace(groups, tmp_path, ranks):
    """Same weights, same metrics, same random state, with and without."""
    table = mixed_table(seed=3)
    group = groups[ranks]
    left = {}
    for measure_kl in (False, True):
        metrics = learn(group, table, measure_kl)
        assert all(("kl_to_start" in update) == measure_kl for update in metrics)
        kept = [{n: v for n, v in u.items() if n != "seconds" and not n.startswith("kl_")} for u in metrics]
        group.save(str(tmp_path / str(measure_kl)))
        states = [torch.load(tmp_path / str(measure_kl) / f"rng_{rank}.pt").tolist() for rank in range(ranks)]
        left[measure_kl] = (kept, checksum(group), states)
    assert left[True] == left[False]


def test_one_and_two_ranks_agree(groups):
    table = mixed_table(seed=4)
    one, two = (learn(groups[ranks], table, measure_kl=True) for ranks in (1, 2))
    for ours, theirs in zip(one, two, strict=True):
        for name in ("kl_to_start", "kl_to_start_k1"):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-2)
            assert abs(ours[name]) > 1e-4


def test_after_a_restore_the_reference_is_still_the_start(groups, tiny, tmp_path):
    table = mixed_table(seed=5)
    group = groups[1]
    learn(group, table, measure_kl=False)
    group.save(str(tmp_path / "later"))
    straight = group.update(table, updates(table, group), temperature=TEMPERATURE, measure_kl=True)
    fresh = RankGroup("agent", str(tiny), group.config, seed=0)
    try:
        fresh.start()
        fresh.restore(str(tmp_path / "later"))
        again = fresh.update(table, updates(table, fresh), temperature=TEMPERATURE, measure_kl=True)
    finally:
        fresh.shutdown()
    assert straight[0]["kl_to_start"] > 1e-4
    for name in ("kl_to_start", "kl_to_start_k1"):
        assert [update[name] for update in again] == [update[name] for update in straight]


def test_loading_the_reference_draws_nothing_and_keeps_no_gradient(tiny, monkeypatch):
    load = PolicyModel.load

    def drawing(path: str) -> PolicyModel:
        torch.rand(3)
        return load(path)

    monkeypatch.setattr(PolicyModel, "load", drawing)
    reference = Reference(tiny, torch.device("cpu"))
    batch = Batch(mixed_table(seed=6), "grpo", torch.device("cpu"))
    before = torch.get_rng_state()
    logprobs = reference.logprobs(batch.pack([0])[0], 1.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(logprobs) and not logprobs.requires_grad
    assert not any(parameter.requires_grad for parameter in reference._model.parameters())


def test_when_it_is_measured():
    assert [version for version in range(7) if LearnerConfig(kl_every=3).measures_kl(version)] == [0, 3, 6]
    assert not any(LearnerConfig().measures_kl(version) for version in range(7))
    assert LearnerConfig(kl=KLConfig(coef=0.1)).measures_kl(1)  # the penalty needs the same numbers
    assert not LearnerConfig(kl=KLConfig(coef=0.1, to="/elsewhere")).measures_kl(1)
