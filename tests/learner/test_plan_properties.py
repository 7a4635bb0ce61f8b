"""Properties of the plan: rows once, ranks level, budgets kept, trajectories whole."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learner_cases import alike_table, mixed_table, row

from learner.config import LearnerConfig
from learner.losses import trained_tokens
from learner.packed import pack
from learner.packing import MOST_REPEATED, first_fit, pack_rows, spread
from learner.plan import plan
from learner.prefixes import Prefixes
from learner.sequences import Sequences
from rewards.trajectory import to_table

lengths = st.lists(st.integers(1, 100), max_size=40)


@given(lengths, st.integers(1, 120))
def test_first_fit_keeps_every_row_and_the_budget(lengths, budget):
    bins = first_fit(lengths, budget)
    assert sorted(i for rows in bins for i in rows) == list(range(len(lengths)))
    assert all(sum(lengths[i] for i in rows) <= budget or len(rows) == 1 for rows in bins)
    # first fit leaves at most one bin at most half full
    assert sum(2 * sum(lengths[i] for i in rows) <= budget for rows in bins) <= 1


def common_tokens(one, other):
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=9), min_size=1, max_size=12))
def test_no_row_shares_more_with_an_earlier_one_than_with_its_predecessor(tokens):
    rng = np.random.default_rng(0)
    sequences = Sequences.of(to_table([row(rng, len(t), episode=f"e{i}", tokens=t) for i, t in enumerate(tokens)]))
    found = Prefixes.of(sequences, range(len(tokens)))
    assert sorted(found.order) == list(range(len(tokens))) and found.shared[0] == 0
    in_order = [tokens[index] for index in found.order]
    for place in range(1, len(tokens)):
        common = [common_tokens(in_order[place], earlier) for earlier in in_order[:place]]
        assert found.shared[place] == common[-1] == max(common)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 1000), st.integers(1, 4), st.integers(2, 9), st.sampled_from([16, 64, 130, 4096]))
def test_families_stay_together_and_within_the_budget(seed, groups, group_size, budget):
    sequences = Sequences.of(alike_table(seed, groups, group_size))
    mask, lengths = trained_tokens("grpo", sequences), sequences.lengths
    bins = pack_rows(sequences, range(sequences.rows), budget)
    assert sorted(row for rows in bins for row in rows) == list(range(sequences.rows))
    packed = [pack(sequences, rows, mask)[0].segments for rows in bins]
    for rows, segments in zip(bins, packed, strict=True):
        assert len(rows) == 1 or (segments.tokens <= budget and lengths[rows].sum() <= MOST_REPEATED * budget)
    if budget == 4096:
        assert sum(segments.tokens for segments in packed) <= lengths.sum() - groups * (group_size - 1) * 20


@given(lengths, st.integers(1, 12))
def test_spread_fills_ranks_where_it_can(lengths, count):
    bins = first_fit(lengths, 200)
    result = spread(bins, lengths, count)
    assert sorted(i for rows in result for i in rows) == list(range(len(lengths)))
    assert len(result) >= min(count, len(lengths)) and all(result)
    assert len(result) == len(bins) or len(result) <= count


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    trajectories=st.integers(1, 12),
    ranks=st.integers(1, 4),
    minibatches=st.integers(1, 5),
    epochs=st.integers(1, 3),
    budget=st.sampled_from([16, 64, 100, 4096]),
    aggregate=st.sampled_from(["token", "trajectory", "constant"]),
)
def test_plan(seed, trajectories, ranks, minibatches, epochs, budget, aggregate):
    table = mixed_table(seed, trajectories)
    config = LearnerConfig(tokens_per_micro_batch=budget, aggregate=aggregate)
    lrs = [1e-3 * (i + 1) for i in range(epochs * minibatches)]
    updates = plan(table, config, ranks=ranks, minibatches=minibatches, epochs=epochs, lrs=lrs, seed=seed)
    sequences = Sequences.of(table)
    trained = sequences.per_row(trained_tokens("grpo", sequences))
    assert len(updates) == epochs * min(minibatches, trajectories)
    seen: Counter[int] = Counter()
    for update in updates:
        assert len(update.micro_batches) == ranks
        assert len({len(micros) for micros in update.micro_batches}) == 1
        micros = [micro for of_rank in update.micro_batches for micro in of_rank]
        real = [micro for micro in micros if any(micro.weights)]
        for micro in micros:
            assert sequences.lengths[list(micro.rows)].sum() <= budget or len(micro.rows) == 1
            assert all(micro.weights) or not any(micro.weights)
        rows = [r for micro in real for r in micro.rows]
        seen.update(rows)
        here = set(sequences.trajectory[rows])
        assert {r for r in range(table.num_rows) if sequences.trajectory[r] in here} == set(rows)
        weights = sum(w * trained[r] for micro in real for r, w in zip(micro.rows, micro.weights, strict=True))
        if aggregate == "constant":
            assert weights == trained[rows].sum()
        else:
            assert weights == pytest.approx(update.denominator)
        denominators = {"token": trained[rows].sum(), "trajectory": len(here), "constant": 1024 * len(here)}
        assert update.denominator == pytest.approx(denominators[aggregate])
    assert seen == dict.fromkeys(range(table.num_rows), epochs)


def test_equal_seeds_equal_plans_and_epochs_differ():
    table = mixed_table()
    arguments = {"ranks": 2, "minibatches": 3, "epochs": 2, "lrs": [1e-3] * 6}
    config = LearnerConfig()
    first = plan(table, config, seed=1, **arguments)
    assert first == plan(table, config, seed=1, **arguments)
    assert first != plan(table, config, seed=2, **arguments)
    assert first[:3] != first[3:]


def test_every_rank_works_before_fillers_are_used():
    rng = np.random.default_rng(0)
    table = to_table([row(rng, 20, episode=f"e{i}") for i in range(4)])
    (update,) = plan(table, LearnerConfig(), ranks=4, minibatches=1, epochs=1, lrs=[0.1], seed=0)
    assert [[len(micro.rows) for micro in micros] for micros in update.micro_batches] == [[1]] * 4
    assert all(any(micro.weights) for micros in update.micro_batches for micro in micros)


def test_rows_without_trained_tokens_are_left_out():
    rng = np.random.default_rng(0)
    silent = row(rng, 8, episode="silent", turn=[-1] * 8, logprobs=[None] * 8, turns=[], advantage=[0.0] * 8)
    table = to_table([silent, row(rng, 8, episode="other")])
    arguments = {"ranks": 1, "minibatches": 1, "epochs": 1, "lrs": [0.1], "seed": 0}
    (update,) = plan(table, LearnerConfig(), **arguments)
    assert update.micro_batches[0][0].rows == (1,)
    assert plan(table.slice(0, 1), LearnerConfig(), **arguments) == []
    assert plan(table.slice(0, 0), LearnerConfig(), **arguments) == []


def test_nll_trains_weighted_tokens_but_never_the_first():
    rng = np.random.default_rng(0)
    table = to_table([row(rng, 8, episode="e", advantage=[0.2] * 4 + [1.0] * 2 + [0.0] * 2)])
    (update,) = plan(table, LearnerConfig(), ranks=1, minibatches=1, epochs=1, lrs=[0.1], seed=0, loss="nll")
    assert update.denominator == 5


@pytest.mark.parametrize(
    ("loss", "weight", "denominator"), [("grpo", 1, 4), ("dr_grpo", 1, 300), ("gspo", 1 / 2, 2), ("cispo", 1, 4)]
)
def test_each_loss_brings_its_denominator(loss, weight, denominator):
    rng = np.random.default_rng(0)
    table = to_table([row(rng, 4, episode=episode) for episode in "ab"])
    config = LearnerConfig(loss=loss, constant_tokens=150)
    (update,) = plan(table, config, ranks=1, minibatches=1, epochs=1, lrs=[0.1], seed=0)
    assert update.micro_batches[0][0].weights == (weight, weight)
    assert update.denominator == denominator


def test_learning_rates_must_fit():
    with pytest.raises(ValueError, match="3 learning rates for 2 epochs of 2 minibatches"):
        plan(mixed_table(), LearnerConfig(), ranks=1, minibatches=2, epochs=2, lrs=[1e-3] * 3, seed=0)


def test_half_filled_advantages_are_refused():
    table = to_table(
        [row(np.random.default_rng(0), 8, episode="a"), row(np.random.default_rng(0), 8, episode="b", advantage=None)]
    )
    with pytest.raises(ValueError, match="1 of 2 rows have no advantage"):
        Sequences.of(table)


def test_sequences_reads_slices():
    table = mixed_table()
    whole, part = Sequences.of(table), Sequences.of(table.slice(3, 2))
    assert part.tokens.tolist() == whole.tokens[whole.offsets[3] : whole.offsets[5]].tolist()
    assert part.lengths.tolist() == whole.lengths[3:5].tolist()
    assert np.isnan(part.logprobs).tolist() == (part.turn < 0).tolist()
