"""Every loss, denominator and KL kind against slow references, values and gradients, however the batch is split."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from learner_cases import alike_table, mixed_table
from slow_losses import slow_loss, trajectories_of

from learner.batch import Batch
from learner.config import KLConfig, LearnerConfig
from learner.losses import LOSSES, LossInputs, penalised, total_loss
from learner.losses.surrogate import k3
from learner.plan import plan
from learner.sequences import Sequences
from rewards.trajectory import with_advantage

CONFIG = LearnerConfig(clip=(0.2, 0.28), tis_cap=2.0)
POLICY_LOSSES = ["grpo", "dr_grpo", "gspo", "cispo"]
AGGREGATES = ["token", "trajectory", "constant"]
CPU = torch.device("cpu")


def column(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def inputs_of(ratios: list[float], advantage: list[float], turn: list[int] | None = None, **more: torch.Tensor) -> LossInputs:
    """Tokens of weight 1, sampled by pi_old, each a turn of its own unless `turn` says otherwise."""
    old = torch.full((len(ratios),), -2.0, dtype=torch.float64)
    return LossInputs(
        **{
            "logprobs": (old + column(*ratios).log()).requires_grad_(),
            "old": old,
            "rollout": old,
            "advantage": column(*advantage),
            "weight": torch.ones_like(old),
            "turn": torch.tensor(turn or range(len(ratios))),
        }
        | more
    )


def gradient(name: str, inputs: LossInputs, config: LearnerConfig) -> list[float]:
    """The multiple of A grad log pi_theta that each token contributes to the ascent."""
    (slope,) = torch.autograd.grad(total_loss(name, inputs, config).loss, inputs.logprobs)
    return (-slope / inputs.advantage).tolist()


class Case:
    """A random table, three random policies close to its rollouts, and what a loss makes of them."""

    def __init__(self, seed: int, config: LearnerConfig, trajectories: int = 5) -> None:
        rng = np.random.default_rng(seed)
        table = pa.concat_tables([mixed_table(seed, trajectories, longest=40), alike_table(seed, groups=1, group_size=2)])
        worth = rng.normal(size=10)  # of a turn, as credit assignment gives it; turns count through a trajectory
        turns = table.column("turn").to_pylist()
        self.table = with_advantage(table, [[float(worth[t]) if t >= 0 else 0.0 for t in row] for row in turns])
        self.sequences = Sequences.of(self.table)
        self.config = config

        def near(values: np.ndarray, scale: float) -> np.ndarray:
            return (values + scale * rng.normal(size=len(values))).astype(np.float32)

        self.old = near(self.sequences.logprobs, 0.5)
        self.anchor = near(self.old, 0.4)
        self.logprobs = torch.from_numpy(near(self.old, 0.3).astype(np.float64)).requires_grad_()

    def updates(self, ranks: int, minibatches: int, epochs: int):
        count = minibatches * epochs
        return plan(self.table, self.config, ranks=ranks, minibatches=minibatches, epochs=epochs, lrs=[0.1] * count, seed=0)

    def fast(self, update) -> tuple[float, np.ndarray]:
        """Value and gradient by flat position, micro-batch after micro-batch over all ranks, as the ranks go about it."""
        batch = Batch(self.table, self.config.loss, CPU)
        batch.old = self.old
        batch.anchor = self.anchor if penalised(self.config.loss, self.config) else None
        total = torch.zeros((), dtype=torch.float64)
        for micro in (micro for of_rank in update.micro_batches for micro in of_rank):
            _, where = batch.pack(micro.rows)
            inputs = batch.loss_inputs(micro, where, self.logprobs[where], first=False)
            total = total + total_loss(self.config.loss, in_double(inputs), self.config).loss / update.denominator
        return self._with_gradient(total)

    def slow(self, update) -> tuple[float, np.ndarray]:
        rows = [row for of_rank in update.micro_batches for micro in of_rank if any(micro.weights) for row in micro.rows]
        scalars = list(self.logprobs)
        trajectories = trajectories_of(self.sequences, rows, scalars, self.old, self.anchor)
        return self._with_gradient(slow_loss(self.config.loss, self.config, trajectories, self.config.denominator))

    def _with_gradient(self, loss: torch.Tensor) -> tuple[float, np.ndarray]:
        (slope,) = torch.autograd.grad(loss, self.logprobs)
        return loss.item(), slope.numpy()


def in_double(inputs: LossInputs) -> LossInputs:
    given = {field.name: getattr(inputs, field.name) for field in fields(inputs)}
    return replace(inputs, **{name: v.double() for name, v in given.items() if v is not None and name != "turn"})


def agree(case: Case, **split: int) -> None:
    for update in case.updates(**split):
        value, slopes = case.fast(update)
        expected, expected_slopes = case.slow(update)
        assert value == pytest.approx(expected, rel=1e-6, abs=1e-9)
        np.testing.assert_allclose(slopes, expected_slopes, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("name", POLICY_LOSSES)
def test_matches_the_slow_reference(name, aggregate):
    config = LearnerConfig(
        loss=name, aggregate=aggregate, clip=(0.1, 0.15), dual_clip=1.3, kl=KLConfig(coef=0.3), constant_tokens=50
    )
    agree(Case(1, config), ranks=1, minibatches=1, epochs=1)


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 10_000),
    name=st.sampled_from(POLICY_LOSSES),
    aggregate=st.sampled_from([None, *AGGREGATES]),
    clip=st.sampled_from([None, (0.1, 0.15)]),
    dual_clip=st.sampled_from([None, 1.05, 3.0]),
    kind=st.sampled_from(["k1", "k2", "k3"]),
    coef=st.sampled_from([0.0, 0.2]),
    budget=st.sampled_from([40, 100, 4096]),
    ranks=st.integers(1, 3),
    minibatches=st.integers(1, 3),
    epochs=st.integers(1, 2),
)
def test_no_split_and_no_setting_departs_from_the_slow_reference(
    seed, name, aggregate, clip, dual_clip, kind, coef, budget, ranks, minibatches, epochs
):
    config = LearnerConfig(
        loss=name,
        aggregate=aggregate,
        clip=clip,
        dual_clip=dual_clip,
        kl=KLConfig(coef=coef, kind=kind),
        tokens_per_micro_batch=budget,
        tis_cap=1.5,
    )
    agree(Case(seed, config, trajectories=3), ranks=ranks, minibatches=minibatches, epochs=epochs)


@pytest.mark.parametrize("name", POLICY_LOSSES)
def test_the_gradient_does_not_depend_on_the_budget(name):
    seen = []
    for budget in (40, 90, 4096):
        case = Case(3, trajectories=9, config=LearnerConfig(loss=name, clip=(0.1, 0.15), tokens_per_micro_batch=budget))
        (update,) = case.updates(ranks=2, minibatches=1, epochs=1)
        seen.append((len(update.micro_batches[0]), case.fast(update)[1]))
    assert seen[0][0] > seen[1][0] > seen[2][0]
    for _, slopes in seen[1:]:
        np.testing.assert_allclose(slopes, seen[0][1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", POLICY_LOSSES)
def test_at_ratio_one_every_loss_is_the_plain_policy_gradient(name):
    inputs = inputs_of([1.0] * 4, [1.0, -2.0, 0.5, 3.0])
    assert gradient(name, inputs, LearnerConfig(loss=name)) == pytest.approx([1.0] * 4)


def test_the_clip_silences_beyond_its_edges_and_one_side_only():
    ratios = [0.79, 0.81, 1.27, 1.29]
    assert gradient("grpo", inputs_of(ratios, [1.0] * 4), CONFIG) == pytest.approx([0.79, 0.81, 1.27, 0.0])
    assert gradient("grpo", inputs_of(ratios, [-1.0] * 4), CONFIG) == pytest.approx([0.0, 0.81, 1.27, 1.29])


def test_the_dual_clip_acts_where_the_advantage_is_negative_only():
    config = LearnerConfig(clip=(0.2, 9.0), dual_clip=3.0)
    ratios = [2.9, 3.1, 8.0]
    assert gradient("grpo", inputs_of(ratios, [-1.0] * 3), config) == pytest.approx([2.9, 0.0, 0.0])
    assert gradient("grpo", inputs_of(ratios, [1.0] * 3), config) == pytest.approx(ratios)
    outputs = LOSSES["grpo"].loss(inputs_of(ratios, [-1.0] * 3), config)
    assert outputs.loss.item() == pytest.approx(2.9 + 3.0 + 3.0)
    assert outputs.sums["clip_share"] == 2


def test_cispo_keeps_every_gradient_and_cuts_its_weight():
    config = LearnerConfig(loss="cispo", clip=(1.0, 0.5))
    for sign in (1.0, -1.0):
        assert gradient("cispo", inputs_of([0.01, 1.4, 7.0], [sign] * 3), config) == pytest.approx([0.01, 1.4, 1.5])
    assert LOSSES["cispo"].loss(inputs_of([0.01, 1.4, 7.0], [1.0] * 3), config).sums["clip_share"] == 1


def test_gspo_keeps_or_drops_a_turn_as_one():
    """The second turn's mean is in bounds though its tokens are not; the first one's is not though one token is."""
    config = LearnerConfig(loss="gspo", clip=(0.2, 0.28))
    ratios, turn = [1.1, 1.6, 0.5, 2.0], [0, 0, 1, 1]
    assert gradient("gspo", inputs_of(ratios, [1.0] * 4, turn), config) == pytest.approx([0.0, 0.0, 1.0, 1.0])
    first = math.sqrt(1.1 * 1.6)
    assert gradient("gspo", inputs_of(ratios, [-1.0] * 4, turn), config) == pytest.approx([first, first, 1.0, 1.0])


def test_gspo_weighs_a_turn_by_the_mean_of_its_mismatch():
    inputs = inputs_of([1.0] * 4, [1.0] * 4, [0, 0, 1, 1])
    inputs = replace(inputs, rollout=inputs.old - column(1.2, 0.8, 0.4, -0.2))
    assert gradient("gspo", inputs, CONFIG) == pytest.approx([2.0, 2.0, math.exp(0.1), math.exp(0.1)])
    assert LOSSES["gspo"].loss(inputs, CONFIG).sums["tis_capped_share"] == 2


@pytest.mark.parametrize("name", ["grpo", "dr_grpo", "cispo"])
def test_the_weight_of_a_sample_is_truncated(name):
    inputs = inputs_of([1.0] * 3, [1.0] * 3)
    inputs = replace(inputs, rollout=inputs.old - column(-0.5, 0.5, 1.5))
    assert gradient(name, inputs, CONFIG) == pytest.approx([math.exp(-0.5), math.exp(0.5), 2.0])


def test_turns_of_different_rows_are_apart():
    """Both trajectories number their turns from 0, and share a micro-batch."""
    table = mixed_table(0, trajectories=3)
    batch = Batch(table, "gspo", CPU)
    (update,) = plan(table, LearnerConfig(), ranks=1, minibatches=1, epochs=1, lrs=[0.1], seed=0)
    (micro,) = update.micro_batches[0]
    _, where = batch.pack(micro.rows)
    turn = batch.loss_inputs(micro, where, torch.zeros(len(where)), first=True).turn
    sequences = batch.sequences
    row = np.searchsorted(sequences.offsets, where, side="right")
    pairs = set(zip(row.tolist(), sequences.turn[where].tolist(), strict=True))
    assert len(set(zip(row.tolist(), sequences.turn[where].tolist(), turn.tolist(), strict=True))) == len(pairs)
    assert sorted(set(turn.tolist())) == list(range(len(pairs)))


def test_nll_is_the_weighted_likelihood():
    inputs = inputs_of([0.5, 2.0], [1.0, 0.2])
    outputs = LOSSES["nll"].loss(inputs, CONFIG)
    logprobs = inputs.logprobs.tolist()
    assert outputs.loss.item() == pytest.approx(-logprobs[0] - 0.2 * logprobs[1])
    assert gradient("nll", inputs, CONFIG) == pytest.approx([1.0, 1.0])
    assert outputs.sums["nll"].item() == pytest.approx(-sum(logprobs))
    assert not penalised("nll", LearnerConfig(kl=KLConfig(coef=1.0)))


def test_metrics_count_what_they_say():
    old = column(-1.0, -1.0, -1.0)
    inputs = LossInputs(
        logprobs=old + column(0.5, -0.5, 0.0),
        old=old,
        rollout=old - column(0.0, 1.0, 0.1),
        advantage=column(1.0, 1.0, -1.0),
        weight=column(1.0, 1.0, 1.0),
        turn=torch.arange(3),
    )
    outputs = LOSSES["grpo"].loss(inputs, CONFIG)
    assert outputs.sums["clip_share"] == 1  # the first; a falling ratio with a positive advantage is not clipped
    assert outputs.sums["tis_capped_share"] == 1
    assert outputs.sums["mismatch_kl"].item() == pytest.approx((math.e - 2) + (math.exp(0.1) - 1.1))
    assert outputs.sums["update_kl"].item() == pytest.approx((math.exp(0.5) - 1.5) + (math.exp(-0.5) - 0.5))
    assert outputs.peaks["mismatch_max"].item() == pytest.approx(1.0)
    assert outputs.peaks["ratio_max"].item() == pytest.approx(math.exp(0.5))


@pytest.mark.parametrize("name", POLICY_LOSSES)
def test_the_tails_of_the_mismatch_count_tokens_on_both_sides(name):
    inputs = inputs_of([1.0] * 6, [1.0] * 6, [0] * 6)
    inputs = replace(inputs, rollout=inputs.old - column(0.05, -0.05, 0.2, -0.2, 1.5, -1.5))
    sums = LOSSES[name].loss(inputs, CONFIG).sums
    assert (sums["mismatch_over_tenth_share"], sums["mismatch_over_one_share"]) == (4, 2)


def test_a_small_divergence_is_not_lost_in_float32():
    log_ratio = torch.full((1000,), 1e-4, dtype=torch.float32)
    assert k3(log_ratio).mean().item() == pytest.approx(5e-9, rel=0.01)  # exp(x) - 1 - x is off by a factor of ten


@pytest.mark.parametrize("name", [*POLICY_LOSSES, "nll"])
def test_a_micro_batch_without_trained_tokens_is_zero_with_a_graph(name):
    empty = torch.zeros(0)
    inputs = LossInputs(empty.clone().requires_grad_(), empty, empty, empty, empty, empty.long(), anchor=empty)
    outputs = total_loss(name, inputs, LearnerConfig(kl=KLConfig(coef=1.0)))
    outputs.loss.backward()
    assert outputs.loss.item() == 0.0
