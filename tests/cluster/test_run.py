"""One small run, whole: real engines, judge, learner, ledger, W&B offline. Everything a run leaves is checked here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import ray
import torch
from metric_names import undocumented
from safetensors.torch import load_file
from small_run import ITERATIONS, Silent, small
from transformers import AutoModelForCausalLM
from wandb_reader import finished_run

from actors.config import SpeakerConfig
from cluster.algorithm import GRPO
from cluster.config import Config
from cluster.errors import RunFailed
from cluster.evaluation.evaluate import evaluate
from cluster.groups.lineage import replay
from cluster.grpo_config import GRPOConfig
from cluster.observe.status import Status
from cluster.record import summary
from cluster.start.parts import Models
from cluster.train import iterate, train
from rewards.trajectory import OK


@dataclass
class Finished:
    config: Config
    path: Path
    models: Models
    algorithm: GRPO


@pytest.fixture(scope="module")
def run(models: tuple[Path, Models]) -> Iterator[Finished]:
    root, prepared = models
    config = small(root)
    algorithm = GRPOConfig().run(config, models=prepared).build_algo()
    iterate(algorithm, config, Silent())  # type: ignore[arg-type]
    yield Finished(config, algorithm.recorder.directory.path, prepared, algorithm)
    algorithm.stop()


def trained(run: Finished, iteration: int) -> pa.Table:
    return pq.read_table(run.path / "trajectories" / f"train-{iteration:06d}.parquet")


def exported(run: Finished) -> Path:
    return next(run.path.glob("checkpoints/*/learner_group/agent/hf"))


def test_every_group_ended_exactly_once(run: Finished):
    counts = replay((run.path / "ledger.jsonl").read_text().splitlines(keepends=True))
    assert counts.consumed == ITERATIONS * run.config.rollout.groups_per_step
    assert counts.dropped == 0


def test_trajectories_carry_the_version_that_sampled_them(run: Finished):
    for iteration in (1, 2):
        table = trained(run, iteration)
        assert table.num_rows == 16
        assert set(table["status"].to_pylist()) == {OK}
        versions = {v for row in table["version"].to_pylist() for v in row if v >= 0}
        assert versions == {iteration - 1}, "at max_staleness 0 every token comes from the newest weights"


def test_what_was_learned_from_is_kept_with_its_advantages(run: Finished):
    for row in trained(run, 1).to_pylist():
        assert row["advantage"] is not None
        assert all(turn >= 0 or advantage == 0.0 for turn, advantage in zip(row["turn"], row["advantage"], strict=True))
    assert any(value for row in trained(run, 1)["advantage"].to_pylist() for value in row)


def test_the_judge_actor_and_the_user_model_took_part(run: Finished):
    table = pa.concat_tables(trained(run, iteration) for iteration in (1, 2))
    assert set(table["opponent"].to_pylist()) == {"user"}
    sources = {r["source"] for turns in table["turns"].to_pylist() for t in turns for r in t["rewards"] if r["name"] == "env"}
    assert "rules@1" in sources


def test_rollout_and_learner_agree_on_every_logprob(run: Finished):
    for row in map(json.loads, (run.path / "metrics.jsonl").read_text().splitlines()[:ITERATIONS]):
        assert row["learner/mismatch_max"] < 1e-3


def test_the_exported_model_recomputes_stored_logprobs(run: Finished):
    """Proves masks, tokens, weights and export at once: what the last evaluation stored, transformers computes again."""
    model = AutoModelForCausalLM.from_pretrained(exported(run), dtype=torch.float32)
    assert (exported(run) / "version").read_text().strip() == str(ITERATIONS)
    checked = 0
    for row in pq.read_table(run.path / "trajectories" / "heldout-after.parquet").to_pylist():
        with torch.no_grad():
            logprobs = torch.log_softmax(model(torch.tensor([row["tokens"]]), use_cache=False).logits[0], -1)
        for place, (token, stored) in enumerate(zip(row["tokens"], row["logprobs"], strict=True)):
            if stored is not None:
                assert logprobs[place - 1, token].item() == pytest.approx(stored, abs=1e-3)
                checked += 1
    assert checked > 50


def test_training_changed_the_weights(run: Finished):
    before, after = load_file(run.models.acting / "model.safetensors"), load_file(exported(run) / "model.safetensors")
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_same_seed_same_trajectories(run: Finished, models: tuple[Path, Models]):
    """A second run samples, learns and samples again exactly what the first did."""
    root, prepared = models
    again = GRPOConfig().run(small(root, "again", monitor={"wandb": "disabled"}), models=prepared).build_algo()
    try:
        for _ in range(ITERATIONS):
            again.train()
        second = Finished(run.config, again.recorder.directory.path, prepared, again)
        for iteration in (1, 2):
            for column in ("task_id", "tokens", "turns", "score", "state"):
                assert trained(second, iteration)[column] == trained(run, iteration)[column], (iteration, column)
    finally:
        again.stop()


def test_evaluating_an_exported_model_gives_what_the_run_measured(run: Finished, tmp_path: Path):
    config = run.config.model_copy(deep=True)
    config.policies["user"].mix[0].model = str(run.models.frozen["user"])
    config.sft.user = None  # it has learned its part; `sft.agent` stays and must not touch the model that is measured
    config.eval.constant_user = False
    config.eval.users = {"scripted": SpeakerConfig(speaker="scripted")}
    result = evaluate(config, [str(run.path)], out=tmp_path / "evaluation")
    rows = {(row.user, row.how): row for row in result.rows}
    assert set(rows) == {(user, how) for user in ("training", "scripted") for how in ("sampled", "greedy")}
    episodes = pq.read_table(tmp_path / "evaluation" / "episodes.parquet")
    for how, phase in (("sampled", "heldout-after"), ("greedy", "heldout-after-greedy")):
        stored = pq.read_table(run.path / "trajectories" / f"{phase}.parquet")
        assert rows["training", how].measures["score"] == summary.episodes(stored).score(config.run.seed)
        same = pc.and_(pc.equal(episodes["user"], "training"), pc.equal(episodes["how"], how))
        assert episodes.filter(same)["tokens"] == stored["tokens"]
        assert rows["training", how].measures["tokens"]["mean"] > 0
    config.eval.users = {}
    (script,) = evaluate(config, ["scripted:oracle"], out=tmp_path / "script").rows
    assert (script.items, script.masked) == (6, 0), "a worker without an engine, against the user model"
    assert script.measures["score"]["mean"] > 0 and script.measures["tokens"] is None
    assert set(pq.read_table(tmp_path / "script" / "episodes.parquet")["opponent"].to_pylist()) == {"user"}


def test_only_the_newest_checkpoint_is_kept(run: Finished):
    assert [path.name for path in (run.path / "checkpoints").iterdir()] == [f"{ITERATIONS:06d}"]


def test_the_summary_follows_from_the_trajectories(run: Finished, tmp_path: Path):
    run.algorithm.recorder.directory.write_summary(summary.recompute(run.path))
    assert summary.check(run.path) == []
    stored = json.loads((run.path / "summary.json").read_text())
    assert {"random", "best_fixed_script", "oracle"} <= set(stored["baselines"])
    assert stored["baselines"]["oracle"]["mean"] == 1.0
    for key in ("heldout_score_before", "heldout_greedy_after", "heldout_success_after", "constant_user_score"):
        assert stored[key]["n"] == 6, key
    copy = tmp_path / "forged"
    shutil.copytree(run.path, copy)
    stored["heldout_score_after"]["mean"] += 0.01
    (copy / "summary.json").write_text(json.dumps(stored))
    assert summary.check(copy) == ["heldout_score_after.mean"]


def test_every_scalar_of_a_run_is_documented(run: Finished):
    for row in run.algorithm.recorder.directory.read_metrics():
        assert undocumented(row) == []


def test_a_checkpoint_restores_weights_version_and_estimator(run: Finished):
    """Stands after the tests that read evaluations: going back voids what came after, the last evaluation included."""
    checkpoint = run.path / "checkpoints" / f"{ITERATIONS:06d}"
    algorithm = run.algorithm
    reference = algorithm.learner_group.ranks["agent"].publish(0)
    saved, credit = ray.get(reference)["checksum"], algorithm.credit.to_json()
    algorithm.train()
    assert ray.get(algorithm.learner_group.ranks["agent"].publish(0))["checksum"] != saved
    algorithm.restore_from_path(str(checkpoint))
    assert ray.get(algorithm.learner_group.ranks["agent"].publish(0))["checksum"] == saved
    assert algorithm.version == ITERATIONS
    assert algorithm.credit.to_json() == credit
    assert run.algorithm.recorder.directory.iterations("train") == [1, 2], "what came after the checkpoint is void"
    assert "heldout-after" not in run.algorithm.recorder.directory.phases()


def test_weights_and_biases_has_the_scalars_and_conversations(run: Finished):
    run.algorithm.recorder.close()
    offline = finished_run(run.path)
    rows = [row for row in offline.history if "reward/score" in row]
    assert len(rows) >= ITERATIONS
    assert {"rollout/turns", "learner/mismatch_kl", "time/rollout"} <= set(rows[0])
    assert "rollout/conversations" in rows[0]
    assert any("heldout/after/score" in row for row in offline.history)


def test_a_judge_that_only_talks_nonsense_ends_a_run_with_a_cause(models: tuple[Path, Models]):
    root, _ = models
    judge = {"backend": "tests.actors.judge_doubles:Nonsense", "retry": {"transport": 0, "invalid": 1, "deadline_s": 20.0}}
    config = small(root, "nonsense", judges={"default": judge}, monitor={"wandb": "disabled"})
    with pytest.raises(RunFailed, match=r"6 of 6 evaluation episodes failed.*judge_invalid"):
        train(config)
    status = Status.read(root / "nonsense")
    assert (status.state, status.exit_code) == ("failed", 1)
    assert "judge_invalid" in str(status.cause)
    assert "Traceback" in (root / "nonsense" / "failure.txt").read_text()
