"""Two gyms in one run, whole: imitated, trained and measured together; and one trained while the other is only measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_run import Silent, small

import envs
from cluster.algorithm import GRPO
from cluster.config import Config
from cluster.grpo_config import GRPOConfig
from cluster.record import summary
from cluster.start.models import training_texts
from cluster.start.parts import Models
from cluster.start.prepare import prepare
from cluster.train import iterate
from rewards.combine import SUM
from rewards.trajectory import OK

BOTH = ["IntentionGym", "TelepathyGym"]
SHORT = {gym: {"prompt": "short"} for gym in BOTH}
SCRIPTED = {"agent": {"model": {"tiny": "agent"}, "train": True}, "user": {"mix": [{"speaker": "scripted"}]}}
QUICK = {"monitor": {"wandb": "disabled"}, "eval": {"tasks": 3, "greedy": False, "constant_user": False}}
TRANSFER = {"train": {"IntentionGym": 1.0}, "transfer": {"TelepathyGym": {"tasks": 2}}, "params": SHORT}


def mixture(root: Path) -> Config:
    gyms = {"train": dict.fromkeys(BOTH, 0.5), "params": SHORT}
    sft = {"agent": {"episodes": 150, "recaps": 50, "epochs": 1, "demonstrator": {"vague": 0.1, "hasty": 0.1, "double": 0.1}}}
    rollout = {"group_size": 2, "groups_per_step": 8, "concurrency": 16, "max_turn_tokens": 16, "max_context": 384}
    return small(root, "mixture", **QUICK, policies=SCRIPTED, gyms=gyms, sft=sft, rollout=rollout)


def played(config: Config) -> Iterator[GRPO]:
    """The algorithm of a run that has gone through."""
    algorithm = GRPOConfig().run(config).build_algo()
    iterate(algorithm, config, Silent())  # type: ignore[arg-type]
    yield algorithm
    algorithm.stop()


@pytest.fixture(scope="module")
def both(ray_cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GRPO]:
    yield from played(mixture(tmp_path_factory.mktemp("mixture")))


@pytest.fixture(scope="module")
def unseen(models: tuple[Path, Models]) -> Iterator[GRPO]:
    root, _ = models
    yield from played(small(root, "transfer", **{**QUICK, "gyms": TRANSFER}))


def tables(algorithm: GRPO, pattern: str) -> pa.Table:
    folder = algorithm.recorder.directory.trajectories
    return pa.concat_tables(pq.read_table(path) for path in sorted(folder.glob(f"{pattern}.parquet")))


def test_both_gyms_are_trained_on_each_with_its_own_scale(both: GRPO):
    table = tables(both, "train-*")
    assert set(table["gym"].to_pylist()) == set(BOTH) and set(table["status"].to_pylist()) == {OK}
    for row in table.to_pylist():
        assert row["task_id"].startswith(row["gym"].removesuffix("Gym").lower())
    assert set(both.credit.gyms) == set(BOTH)
    ours, theirs = (both.credit.gyms[gym].of(SUM).score_moments for gym in BOTH)
    assert set(ours) != set(theirs)


def test_metrics_are_told_gym_by_gym(both: GRPO):
    rows = [row for row in both.recorder.directory.read_metrics() if "reward/score" in row]
    for gym in BOTH:
        assert all(f"reward/score/{gym}" in row for row in rows) and any(f"reward/scale/{gym}" in row for row in rows)
    for row in rows:
        assert sum(row.get(f"rollout/episodes/{gym}", 0.0) for gym in BOTH) == row["rollout/episodes"] == 16


def test_each_gym_has_its_heldout_scores_and_baselines(both: GRPO):
    result = summary.recompute(both.recorder.directory.path)
    assert set(result["gyms"]) == set(BOTH) and result["transfer"] == {}
    for gym in BOTH:
        assert result["gyms"][gym]["heldout_score_before"]["n"] == result["gyms"][gym]["heldout_score_after"]["n"] == 3
        assert result["gyms"][gym]["baselines"]["oracle"]["mean"] == 1.0
    assert result["heldout_score_after"]["n"] == 6
    assert set(result["baselines"]) == {"random", "best_fixed_script", "oracle"}


def test_an_unseen_gym_is_measured_before_and_after_and_never_trained_on(unseen: GRPO):
    assert set(tables(unseen, "train-*")["gym"].to_pylist()) == {"IntentionGym"}
    phases = unseen.recorder.directory.phases()
    assert [p for p in phases if p.endswith("-transfer")] == [
        *(f"baseline-{name}-transfer" for name in ("best_fixed_script", "oracle", "random")),
        "heldout-after-transfer",
        "heldout-before-transfer",
    ]
    table = tables(unseen, "heldout-*-transfer")
    assert (set(table["gym"].to_pylist()), set(table["split"].to_pylist())) == ({"TelepathyGym"}, {"heldout"})
    result = summary.recompute(unseen.recorder.directory.path)
    assert set(result["gyms"]) == {"IntentionGym"} and set(result["transfer"]) == {"TelepathyGym"}
    assert result["transfer"]["TelepathyGym"]["heldout_score_change"]["n"] == 2
    assert (result["heldout_score_after"]["n"], result["masked_episodes"]) == (3, 0)


def test_nothing_that_is_learned_before_a_run_depends_on_an_unseen_gym(models: tuple[Path, Models]):
    root, prepared = models
    gyms = {**TRANSFER, "tasks": {"TelepathyGym": {"source": "handwritten"}}}
    assert prepare(small(root, gyms=gyms), lambda *_: None) == prepared, "found, not made anew"


def test_a_tiny_tokenizer_is_made_from_the_words_of_all_gyms_trained_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cluster.start.models.TEXTS_PER_ROLE", 30)
    texts = set(training_texts(mixture(tmp_path)))
    openings = {f"user\n{task.visible.opening}\n" for task in envs.load("TelepathyGym", "train")}
    assert openings & texts and any("I need a" in text for text in texts)
    assert not openings & set(training_texts(small(tmp_path, gyms=TRANSFER)))
