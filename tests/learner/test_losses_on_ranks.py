"""Every loss on two real ranks, epochs and minibatches and penalty included: the weights of a plain, slow process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import ray
import torch
from learner_cases import TEXTS, mixed_table
from slow_losses import slow_loss, trajectories_of
from transformers import AutoModelForCausalLM

from learner.batch import Batch
from learner.config import KLConfig, LearnerConfig
from learner.losses import LossName, trained_tokens
from learner.plan import Update, plan
from learner.rank import Rank
from learner.rank_group import RankGroup
from learner.reference import require_same_vocabulary
from learner.sequences import Sequences
from learner.tiny import make_tiny
from rewards.trajectory import with_advantage

LR = 1e-3
LOSSES = ["grpo", "dr_grpo", "gspo", "cispo"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The policy, and another with the same tokenizer to be pulled towards."""
    home = tmp_path_factory.mktemp("models")
    return make_tiny(home / "policy", TEXTS, 0), make_tiny(home / "other", TEXTS, 1)


def configuration(other: Path, loss: LossName = "grpo", **settings) -> LearnerConfig:
    """Bounds so narrow that a few steps reach them, for all losses alike."""
    kl = KLConfig(coef=0.2, to=str(other))
    bounds = {"clip": (0.01, 0.02), "dual_clip": 1.05 if loss != "cispo" else None, "max_grad_norm": 0.05}
    return LearnerConfig(ranks=2, zero_stage=2, loss=loss, kl=kl, constant_tokens=30, step_timeout_s=60, **bounds, **settings)


@pytest.fixture(scope="module")
def group(ray_cluster: None, models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RankGroup]:
    group = RankGroup("agent", str(models[0]), configuration(models[1]), seed=0)
    try:
        group.start()
        group.home = tmp_path_factory.mktemp("start")
        group.save(str(group.home))
        yield group
    finally:
        group.shutdown()


def table_of_turns():
    """Advantages are equal within a turn, as credit assignment gives them."""
    table = mixed_table(seed=11, trajectories=6, longest=40)
    worth = np.random.default_rng(0).normal(size=10)
    turns = table.column("turn").to_pylist()
    return with_advantage(table, [[float(worth[t]) if t >= 0 else 0.0 for t in row] for row in turns])


def updates_of(table, config: LearnerConfig, ranks: int) -> list[Update]:
    return plan(table, config, ranks=ranks, minibatches=2, epochs=2, lrs=[LR] * 4, seed=0)


def logprobs_of(model, sequences: Sequences, mask: np.ndarray) -> dict[int, torch.Tensor]:
    """By flat position, row after row."""
    found = {}
    for row in range(sequences.rows):
        span = sequences.span(row)
        ids = torch.from_numpy(sequences.tokens[span].astype(np.int64))
        scores = model(ids[None], use_cache=False).logits[0].log_softmax(-1)
        found |= {span.start + p: scores[p - 1, ids[p]] for p in np.flatnonzero(mask[span]).tolist()}
    return found


def plain(models: tuple[Path, Path], table, config: LearnerConfig) -> tuple[dict[str, torch.Tensor], list[float]]:
    """One process, one row at a time: final weights, and the loss of each update."""
    sequences = Sequences.of(table)
    mask = trained_tokens("grpo", sequences)
    model, other = (AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32) for path in models)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, betas=config.betas, weight_decay=config.weight_decay)
    with torch.no_grad():
        old, anchor = (logprobs_of(m, sequences, mask) for m in (model, other))
    losses = []
    for update in updates_of(table, config, ranks=1):
        rows = [row for micro in update.micro_batches[0] for row in micro.rows]
        trajectories = trajectories_of(sequences, rows, logprobs_of(model, sequences, mask), old, anchor)
        loss = slow_loss(config.loss, config, trajectories, config.denominator)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.max_grad_norm)
        optimizer.step()
        losses.append(loss.item())
    return {name: value.detach() for name, value in model.named_parameters()}, losses


def weights_of(group: RankGroup) -> dict[str, torch.Tensor]:
    packed = ray.get(group.publish(0), timeout=30)
    flat = torch.from_numpy(packed["flat"].copy())
    return {
        name: flat[offset : offset + 4 * int(np.prod(shape))].view(torch.float32).view(shape)
        for name, dtype, shape, offset in packed["manifest"]
    }


@pytest.mark.parametrize("loss", LOSSES)
def test_two_epochs_of_two_minibatches_equal_one_plain_process(group, models, loss):
    table = table_of_turns()
    weights, losses = plain(models, table, configuration(models[1], loss))
    for budget in (60, 4096):
        group.config = configuration(models[1], loss, tokens_per_micro_batch=budget)  # what the driver plans and asks for
        group.restore(str(group.home))
        metrics = group.update(table, updates_of(table, group.config, ranks=2))
        assert [update["loss"] for update in metrics] == pytest.approx(losses, rel=1e-4)
        assert metrics[-1]["clip_share"] > 0 and metrics[-1]["kl_penalty"] > 0
        ours = weights_of(group)
        for name, value in weights.items():
            gap = (ours[name] - value).abs()  # Adam makes much of the rounding of a gradient near 0: single weights stray
            assert gap.mean() < 1e-6 and gap.max() < 1e-4, name


class Counted:
    """A reference whose every logprob is `value`; counts its passes."""

    def __init__(self, value: float) -> None:
        self.value, self.passes = value, 0

    def __call__(self, packed, temperature: float) -> torch.Tensor:
        self.passes += 1
        return torch.full((len(packed.targets),), self.value)


@pytest.mark.parametrize("measure_kl", [False, True])
@pytest.mark.parametrize(
    ("coef", "to_start", "loss"), [(0.0, True, "grpo"), (0.1, True, "cispo"), (0.1, False, "gspo"), (0.1, True, "nll")]
)
def test_no_reference_is_asked_twice_or_for_nothing(coef, to_start, loss, measure_kl):
    table = mixed_table(seed=1)
    rank = Rank("agent", 0, 1, LearnerConfig(kl=KLConfig(coef=coef)), seed=0)
    rank._origin = start = Counted(-1.0)
    rank._anchor = anchor = start if to_start else Counted(-2.0)
    batch = Batch(table, loss, torch.device("cpu"))
    updates = plan(table, rank.config, ranks=1, minibatches=1, epochs=1, lrs=[0.1], seed=0, loss=loss)
    scored = rank._references(batch, updates, loss, 1.0, measure_kl)
    pulled = coef > 0 and loss != "nll"
    assert start.passes == (measure_kl or (pulled and to_start))
    assert scored is None if not start.passes else np.nanmax(scored) == -1.0
    assert batch.anchor is None if not pulled else np.nanmax(batch.anchor) == anchor.value


def test_a_model_with_another_vocabulary_is_refused(models, tmp_path):
    require_same_vocabulary(*models)
    stranger = make_tiny(tmp_path / "stranger", ["Quite other words, over and over."] * 9, 0)
    with pytest.raises(ValueError, match=r"kl\.to is .*stranger.*: the policy's vocabulary is another"):
        require_same_vocabulary(models[0], stranger)
