"""What a report is made of: every metric is drawn once, every number comes from the tables, no text can break out."""

from __future__ import annotations

import base64
import hashlib
import json
import re

import hostile_run
import pytest
import synthetic_run

from cluster import cli
from cluster.observe.status import AlarmStatus, Status
from cluster.record import summary
from cluster.record.run_directory import RunDirectory
from cluster.record.versions import versions
from cluster.report import conversations, evaluations, history, page
from cluster.report.document import embedded, estimate
from cluster.report.series import curves, thinned
from rewards.trajectory import concat

GYM = "IntentionGym"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunDirectory:
    return synthetic_run.make(tmp_path_factory.mktemp("page"), iterations=4)


@pytest.fixture
def bare(tmp_path) -> RunDirectory:
    """A run that has only begun."""
    made = RunDirectory(tmp_path, "bare")
    made.create()
    made.write_config("run: {name: bare, root: /secret/place, seed: 5}\n")
    return made


def names(panels) -> dict[str, list[str]]:
    return {panel.title: [line.label for line in panel.series] for panel in panels}


def test_every_metric_is_in_one_panel():
    row = {"iteration": 1, "wall_s": 2.0, "reward/score": 0.5, "reward/env": 1.0, "reward/groups": 3.0, "time/learn": 1.0}
    row |= {"time/rollout": 2.0, "learner/entropy": 1.0, "own/thing": 7.0, "alarms/entropy_drop": 1.0}
    found = curves([row, {"iteration": 2, "reward/score": 0.6}], [], ["env"])
    assert names(found.main) == {
        "Score and success": ["score"],
        "Rewards by name": ["env"],
        "Entropy": ["entropy"],
        "Time per stage": ["learn", "rollout"],
    }
    assert names(found.rest) == {"own/thing": ["thing"], "reward/groups": ["groups"]}
    assert "Staleness" in found.missing and "Entropy" not in found.missing
    assert found.main[0].series[0].x == [1, 2]


def test_a_metric_with_the_name_of_a_gym_joins_its_subject():
    row = {"iteration": 1, "reward/score": 0.5, f"reward/score/{GYM}": 0.4, "reward/own/score": 0.6, f"reward/scale/{GYM}": 1.0}
    found = curves([row], ["own"], [])
    assert names(found.main) == {"Score and success": ["score", f"score · {GYM}", "score · own"]}
    assert names(found.rest) == {f"reward/scale/{GYM}": [f"scale · {GYM}"]}


def test_what_was_not_measured_leaves_a_gap_and_a_zero_forbids_the_logarithm():
    rows = [{"iteration": 1, "learner/update_kl": 1e-5}, {"iteration": 2, "learner/update_kl": None}, {"iteration": 3}]
    (kl,) = curves(rows, [], []).main
    assert (kl.series[0].x, kl.log) == ([1], True)
    (kl,) = curves([*rows, {"iteration": 4, "learner/update_kl": 0.0}], [], []).main
    assert (kl.series[0].x, kl.log) == ([1, 4], False)


def test_a_long_series_keeps_its_spikes():
    y = [0.123456789] * 100_000
    y[777], y[50_001] = 9.0, -9.0
    x, kept = thinned(range(len(y)), y, 1000)
    assert len(x) <= 1000
    assert (kept[x.index(777)], kept[x.index(50_001)]) == (9.0, -9.0)
    assert x == sorted(x)
    assert kept[0] == 0.123457
    assert thinned([1, 2], [3.0, 4.0]) == ([1, 2], [3.0, 4.0])


def test_the_table_says_what_the_summary_says(run):
    stored = run.read_summary()
    found = {(row.how, row.measure): row for row in evaluations.outcomes(run, stored["seed"])}
    assert set(found) == {(how, measure) for how in ("sampled", "greedy", "constant-user") for measure in ("score", "success")}
    for key, how, measure in (("score", "sampled", "score"), ("greedy", "greedy", "score"), ("success", "sampled", "success")):
        row = found[how, measure]
        assert (row.before, row.after) == (stored[f"heldout_{key}_before"], stored[f"heldout_{key}_after"])
        assert row.change["mean"] == pytest.approx(row.after["mean"] - row.before["mean"])
    assert found["sampled", "score"].change == stored["heldout_score_change"]
    assert (found["constant-user", "score"].before, found["constant-user", "score"].change) == (None, None)
    scripts = evaluations.baselines(run, stored["seed"])
    assert {name: score for name, _, score in scripts} == stored["baselines"]
    assert [name for name, *_ in scripts] == ["oracle", "best_fixed_script", "random"]


def test_several_gyms_have_their_own_rows(bare):
    for phase, levels in (("heldout-before", (0.2, 0.4)), ("heldout-after", (0.3, 0.8))):
        parts = [synthetic_run.episodes(level, 9, seed=n) for n, level in enumerate(levels)]
        place = parts[1].schema.get_field_index("gym")
        parts[1] = parts[1].set_column(place, "gym", [["OtherGym"] * 9])
        bare.write_trajectories(concat(parts), phase)
    rows = {row.gym: row for row in evaluations.outcomes(bare, 0) if row.measure == "score"}
    assert list(rows) == ["", GYM, "OtherGym"]
    assert rows["OtherGym"].change["mean"] > rows[GYM].change["mean"]
    assert rows[""].after["n"] == 18
    assert rows["OtherGym"].after["n"] == 9


def test_transfer_gyms_and_baselines_of_one_gym_stand_apart_as_in_the_summary(bare):
    both = concat([synthetic_run.episodes(0.3, 9), synthetic_run.episodes(0.6, 9, gym="OtherGym")])
    unseen = synthetic_run.episodes(0.1, 5, gym="UnseenGym")
    for phase in ("heldout-before", "heldout-after", "heldout-after-greedy", "baseline-random"):
        bare.write_trajectories(both, phase)
    for phase in (
        "heldout-before-transfer",
        "heldout-after-transfer",
        "heldout-after-greedy-transfer",
        "baseline-random-transfer",
    ):
        bare.write_trajectories(unseen, phase)
    bare.write_trajectories(synthetic_run.episodes(0.2, 9), "baseline-category_script")
    stored, found = summary.recompute(bare.path), evaluations.outcomes(bare, 5)
    assert list(dict.fromkeys((row.tasks, row.gym) for row in found)) == [
        ("heldout", evaluations.ALL),
        ("heldout", GYM),
        ("heldout", "OtherGym"),
        ("transfer", "UnseenGym"),
    ]
    assert {row.how for row in found} == {"sampled", "greedy"}
    of = {evaluations.ALL: stored, **stored["gyms"], **stored["transfer"]}
    for row in found:
        if row.measure == "score":
            key = "heldout_score" if row.how == "sampled" else "heldout_greedy"
            assert [row.before, row.after, row.change] == [of[row.gym][f"{key}_{end}"] for end in ("before", "after", "change")]
    scripts = {(name, gym): score for name, gym, score in evaluations.baselines(bare, 5)}
    assert scripts == {(name, gym): score for gym, own in of.items() for name, score in own["baselines"].items()}
    assert [gym for name, gym in scripts if name == "category_script"] == [GYM]


@pytest.mark.parametrize("transfer", [False, True])
def test_a_single_gym_is_named_only_beside_others(bare, transfer):
    bare.write_trajectories(synthetic_run.episodes(0.3, 3), "heldout-after")
    if transfer:
        bare.write_trajectories(synthetic_run.episodes(0.3, 3, gym="UnseenGym"), "heldout-after-transfer")
    text = page.html(bare)
    assert ("<th>gym</th>" in text) == (f"<td>{GYM}</td>" in text) == ("<td>UnseenGym</td>" in text) == transfer
    assert "<td>all</td>" not in text


def test_the_course_joins_all_evaluations(run, bare):
    for iteration in (10, 20):
        bare.write_trajectories(synthetic_run.episodes(0.5, 5), "heldout", iteration)
    assert evaluations.course(bare, "heldout", 20, 0).series[0].x == [10, 20]
    course = evaluations.course(run, "heldout", 4, 0).series[0]
    assert course.x == [0, 4]
    assert course.low[0] < course.y[0] < course.high[0]


def test_the_best_and_the_worst_conversations_come_once(run, bare):
    train, heldout = conversations.chapters(run)
    assert (train.title, heldout.title) == ("train, iteration 4", "heldout-after")
    assert [talk.end for talk in train.conversations] == ["best"] * 3 + ["worst"] * 3
    scores = [talk.head["score"] for talk in train.conversations]
    assert min(scores[:3]) >= max(scores[3:])
    assert [(line.role, line.turn is not None) for line in train.conversations[0].lines] == [
        ("user", False),
        ("assistant", True),
    ]
    bare.write_trajectories(synthetic_run.episodes(0.5, 2), "train", 1)
    (only,) = conversations.chapters(bare)
    assert [talk.end for talk in only.conversations] == ["best", "best"]


def test_the_last_evaluation_is_the_newest_there_is(bare):
    def evaluated(phase: str, iteration: int | None = None) -> list[str]:
        bare.write_trajectories(synthetic_run.episodes(0.5, 3), phase, iteration)
        return [chapter.title for chapter in conversations.chapters(bare)]

    assert evaluated("heldout-before") == ["heldout-before"]
    assert evaluated("heldout", 20) == ["heldout, iteration 20"]
    assert evaluated("heldout", 100) == ["heldout, iteration 100"]
    assert evaluated("heldout-after") == ["heldout-after"]


def test_each_gym_has_its_own_best(bare):
    parts = [synthetic_run.episodes(level, 9, "train") for level in (0.2, 0.8)]
    parts[1] = parts[1].set_column(parts[1].schema.get_field_index("gym"), "gym", [["OtherGym"] * 9])
    bare.write_trajectories(concat(parts), "train", 1)
    found = conversations.chapters(bare)
    assert [chapter.title for chapter in found] == [f"train, iteration 1, {gym}" for gym in (GYM, "OtherGym")]
    assert [{talk.head["gym"] for talk in chapter.conversations} for chapter in found] == [{GYM}, {"OtherGym"}]


def test_alarms_say_what_the_status_kept_and_otherwise_the_number():
    rows = [
        {"iteration": 1, "learner/entropy": 0.5, "alarms/entropy_drop": 1.0},
        {"iteration": 2, "learner/entropy": None, "alarms/entropy_floor": 1.0, "alarms/of_an_older_version": 1.0},
    ]
    found = history.alarms(rows, [AlarmStatus(iteration=1, name="entropy_drop", message="As it was said.")])
    assert [(alarm.iteration, alarm.name) for alarm in found] == [
        (1, "entropy_drop"),
        (2, "entropy_floor"),
        (2, "of_an_older_version"),
    ]
    assert found[0].message == "As it was said."
    assert found[1].message.startswith("learner/entropy was not finite: ")


def test_counters_and_reasons_tell_what_came_back():
    rows = [
        {"iteration": n, "health/restores": float(n > 2), "rollout/retried_groups": value}
        for n, value in ((1, 2.0), (2, 2.0), (3, 5.0))
    ]
    assert [(count.what, count.total, count.iterations) for count in history.counts(rows)] == [
        ("returns to a checkpoint", 1, [3]),
        ("groups played again", 5, [1, 3]),
    ]
    failed = [{"event": "failed", "group": n, "attempt": 0, "reason": "the worker died"} for n in (1, 2)]
    lines = [json.dumps(event) + "\n" for event in [*failed, {"event": "dropped", "group": 3, "reason": "stale"}]]
    assert history.reasons(lines) == [("failed", "the worker died", 2), ("dropped", "stale", 1)]


def test_the_page_of_a_run_that_only_began(bare):
    text = page.write(bare.path).read_text()
    assert "not finished" in text
    assert "/secret/place" not in text
    assert "The run did not note its versions." in text
    Status(run="bare", state="failed", cause="The learner ran out of memory.").write(bare.path)
    assert "not finished: failed: The learner ran out of memory." in re.sub(r"\s+", " ", page.write(bare.path).read_text())


def test_nothing_in_the_page_leads_out_of_it(tmp_path):
    text = page.write(hostile_run.make(tmp_path).path).read_text()
    assert set(re.findall(r"https?://[^\s\"']+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<(img|iframe|object|embed|a|base|form)\b|\son\w+=\S*hacked[^<]*>\s*<script", text)
    assert text.count("<script") == 2 and text.count("<style") == 1
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1].replace("&#39;", "'")
    for name, source in (("style", r"<style>(.*?)</style>"), ("script", r"<script>(.*?)</script>")):
        digest = base64.b64encode(hashlib.sha256(re.search(source, text, re.S)[1].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert "\x00" not in text and "\x1b" not in text and "\u202e" not in text


def test_embedded_data_cannot_end_its_element():
    text = {"</script><!--": ["<script>", "\u2028&", float("nan")]}
    shown = embedded(text)
    assert not set("<>&\u2028") & set(shown)
    assert json.loads(shown) == {"</script><!--": ["<script>", "\u2028&", None]}


def test_an_estimate_has_its_interval():
    assert estimate({"mean": 0.5, "low": -0.1, "high": 1.0, "n": 3}, signed=True) == "+0.500 [-0.100, +1.000]"
    assert estimate(None) == "–"


def test_versions_are_of_what_is_installed(bare):
    assert {"python", "torch", "ray", "transformers"} <= set(versions())
    bare.write_versions({"torch": "1.2"})
    assert bare.read_versions() == {"torch": "1.2"}


def test_the_command_makes_page_and_image(run, bare, monkeypatch, capsys):
    def report(*runs: RunDirectory) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "report", *(str(each.path) for each in runs)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return int(caught.value.code or 0), *capsys.readouterr()

    code, out, _ = report(run)
    assert (code, out.splitlines()[-2:]) == (0, [str(run.report), str(run.page)])
    assert "Best and worst conversations" in run.page.read_text()
    code, out, error = report(bare)
    assert (code, out.splitlines()) == (0, [str(bare.report), str(bare.page)])
    assert "has not finished" in error
    assert report(run, bare)[0] == 2, "the mean of runs wants all of them"
