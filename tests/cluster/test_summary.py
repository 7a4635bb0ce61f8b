"""The summary is what the tables say, and a changed number is named."""

import json

import pytest
import synthetic_run

from cluster.errors import UserError
from cluster.record import summary
from cluster.record.run_directory import RunDirectory
from cluster.report import plots
from cluster.terminal.console import Console
from rewards.trajectory import concat, from_cell, to_table


@pytest.fixture
def run(tmp_path):
    return synthetic_run.make(tmp_path, iterations=5)


def test_every_key_is_recomputed_from_the_run(run):
    stored = run.read_summary()
    assert summary.check(run.path) == []
    assert set(stored) >= {
        *(f"heldout_{what}_{when}" for what in ("score", "greedy", "success") for when in ("before", "after")),
        *("baselines", "constant_user_score", "heldout_score_change"),
        *("iterations", "wall_s", "tokens_trained", "seed"),
    }
    assert set(stored["baselines"]) == {"random", "best_fixed_script", "oracle"}
    assert (stored["iterations"], stored["wall_s"], stored["tokens_trained"], stored["seed"]) == (5, 20.0, 5 * 8 * 2, 3)
    change = stored["heldout_score_after"]["mean"] - stored["heldout_score_before"]["mean"]
    assert stored["heldout_score_change"]["mean"] == pytest.approx(change)


def test_a_changed_number_is_named(run):
    stored = run.read_summary()
    stored["heldout_score_after"]["mean"] += 1e-4
    stored["baselines"]["oracle"] = None
    stored["tokens_trained"] += 1
    stored["invented"] = 1
    run.write_summary(stored)
    assert summary.check(run.path) == ["baselines.oracle", "heldout_score_after.mean", "invented", "tokens_trained"]


def test_an_evaluation_that_was_not_made_is_null(run):
    for name in ("heldout-before-greedy", "heldout-after-constant-user"):
        (run.trajectories / f"{name}.parquet").unlink()
    recomputed = summary.recompute(run.path)
    assert (
        recomputed["heldout_greedy_before"] is recomputed["heldout_greedy_change"] is recomputed["constant_user_score"] is None
    )
    assert recomputed["heldout_greedy_after"] is not None
    assert json.loads(json.dumps(recomputed)) == recomputed


def test_an_episode_counts_once_and_one_without_score_is_masked(run):
    rows = [from_cell(cell) for cell in synthetic_run.episodes(0.5, 3).to_pylist()]
    second = from_cell(synthetic_run.episodes(0.5, 1).to_pylist()[0])
    second.sequence = 1
    rows[2].status, rows[2].score, rows[2].success = "judge_transport", None, None
    played = summary.episodes(to_table([*rows, second]))
    assert (played.tasks, played.masked) == (["heldout-0", "heldout-1"], 1)
    assert summary.sampled_tokens(to_table([*rows, second])) == 2 * 3
    assert summary.sampled_tokens(to_table([])) == 0


@pytest.fixture
def mixture(tmp_path):
    """IntentionGym and TelepathyGym trained on; a third one only measured."""
    run = RunDirectory(tmp_path, "mixture")
    run.create()
    run.write_config("run: {name: mixture, seed: 3}\n")
    for phase, level in synthetic_run.EVALUATIONS.items():
        tables = [synthetic_run.episodes(level, 40)]
        if phase != "baseline-oracle":
            tables.append(synthetic_run.episodes(level / 2, 40, split="thing", gym="TelepathyGym"))
        run.write_trajectories(concat(tables), phase)
    for phase in ("heldout-before-transfer", "heldout-after-transfer", "baseline-random-transfer"):
        run.write_trajectories(synthetic_run.episodes(0.1, 40, split="unseen", gym="TurtleGym"), phase)
    run.write_summary(summary.recompute(run.path))
    return run


def test_several_gyms_are_summed_up_together_and_each_alone(mixture):
    stored = mixture.read_summary()
    first, second = stored["gyms"]["IntentionGym"], stored["gyms"]["TelepathyGym"]
    assert set(stored["gyms"]) == {"IntentionGym", "TelepathyGym"} and set(first) <= set(stored)
    for key in ("heldout_score_before", "heldout_score_after", "heldout_greedy_change", "constant_user_score"):
        assert stored[key]["mean"] == pytest.approx((first[key]["mean"] + second[key]["mean"]) / 2), key
    assert first["heldout_score_after"]["mean"] > second["heldout_score_after"]["mean"] + 0.2
    assert (stored["heldout_score_after"]["n"], first["heldout_score_after"]["n"]) == (80, 40)
    assert summary.check(mixture.path) == []


def test_a_baseline_that_one_gym_lacks_is_no_baseline_of_all(mixture):
    stored = mixture.read_summary()
    assert set(stored["baselines"]) == set(stored["gyms"]["TelepathyGym"]["baselines"]) == {"random", "best_fixed_script"}
    assert stored["gyms"]["IntentionGym"]["baselines"]["oracle"]["mean"] == 1.0


def test_an_unseen_gym_is_in_no_mean_of_those_trained_on(mixture):
    stored = mixture.read_summary()
    unseen = stored["transfer"]["TurtleGym"]
    assert set(stored["transfer"]) == {"TurtleGym"} and "TurtleGym" not in stored["gyms"]
    assert unseen["heldout_score_change"]["mean"] == 0.0 and set(unseen["baselines"]) == {"random"}
    for path in mixture.trajectories.glob("*-transfer.parquet"):
        path.unlink()
    assert summary.recompute(mixture.path) == {**stored, "transfer": {}}
    stored["transfer"]["TurtleGym"]["heldout_score_after"]["mean"] += 0.1
    mixture.write_summary(stored)
    assert "transfer.TurtleGym" in summary.check(mixture.path)


def test_over_runs_and_the_terminal_show_each_gym(mixture, run, capsys):
    stored = mixture.read_summary()
    rows = summary.over_runs([stored, stored])
    assert rows["TelepathyGym.heldout_score_after"][0] == stored["gyms"]["TelepathyGym"]["heldout_score_after"]["mean"]
    assert {"TurtleGym.heldout_score_before", "IntentionGym.margin_over_script"} <= set(rows)
    assert not any("." in row for row in summary.over_runs([run.read_summary()])), "one gym: its rows would say it twice"
    Console().summary(stored)
    shown = capsys.readouterr().out
    assert "TelepathyGym: heldout_score_after" in shown and "TurtleGym: baseline: random" in shown


def test_the_report_is_drawn_for_finished_and_unfinished_runs(run, tmp_path):
    assert plots.draw(run.path).read_bytes().startswith(b"\x89PNG")
    bare = RunDirectory(tmp_path, "bare")
    bare.create()
    bare.write_config("{}\n")
    assert plots.draw(bare.path).stat().st_size > 1000
    with pytest.raises(UserError, match="the run has not finished"):
        summary.check(bare.path)


def test_over_runs_shows_the_worst_seed_and_the_margins():
    def run(after, script, constant):
        estimate = lambda mean: {"mean": mean, "low": mean, "high": mean, "n": 9}  # noqa: E731
        baselines = {"random": estimate(0.1), "best_fixed_script": estimate(script), "oracle": estimate(1.0)}
        return {"heldout_score_after": estimate(after), "constant_user_score": estimate(constant), "baselines": baselines}

    rows = summary.over_runs([run(0.9, 0.3, 0.4), run(0.7, 0.2, 0.5)])
    assert rows["heldout_score_after"] == pytest.approx((0.8, 0.7, 0.9))
    assert rows["margin_over_script"] == pytest.approx((0.55, 0.5, 0.6))
    assert rows["margin_over_constant_user"] == pytest.approx((0.35, 0.2, 0.5))
