"""`parley eval --usersim` through the command line: what is played, what is written, and mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from loopback import failed, said, serving
from served_user import ASKS, behind

from cluster import cli
from cluster.calls.outputs import SCHEMA
from cluster.calls.plan import AGENTS, CALLS, GOAL_ALONE, SEEN, UNSEEN, matter, plan, switch_of
from cluster.errors import UserError
from cluster.evaluation.store import Store
from cluster.jobs.interruption import Interrupted
from cluster.usersim.measuring import configured
from envs.usersim.baselines import QUESTION

CONFIG = Path(__file__).parents[2] / "examples" / "usersim.yaml"
FILES = ("calls.parquet", "calls.json", "calls.md", "calls.html")
FEW = ("eval.tasks=1", "eval.repeats=1")


def parley(*arguments: object, split: str = "dev") -> int:
    """The exit code of `parley eval --usersim`, in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as caught:
        patch.setattr("sys.argv", ["parley", "eval", str(CONFIG), *map(str, arguments), "--usersim", split])
        cli.main()
    return int(caught.value.code or 0)


def found_in(folder: Path):
    return json.loads((folder / "calls.json").read_text())


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Some calls of the test split, twice each, by an oracle and by one who just agrees."""
    folder = tmp_path_factory.mktemp("calls") / "out"
    assert parley("oracle", "--also", "always_yes", "eval.tasks=3", "eval.repeats=2", "--out", folder, split="test") == 0
    return folder


@pytest.fixture(scope="module")
def found(made):
    return found_in(made)


def test_the_plan_has_every_agent_and_switch():
    for split, switches in (("dev", 0), ("test", 4)):
        planned = plan(split, 200)
        kinds = [task.agent for task in planned[CALLS]]
        assert list(dict.fromkeys(kinds)) == list(AGENTS) and len(planned) == 1 + switches
        assert {matter(task) for task in planned[CALLS]} == ({SEEN, UNSEEN, GOAL_ALONE} if split == "test" else {SEEN})
        ids = [task.id for tasks in planned.values() for task in tasks]
        assert len(set(ids)) == len(ids) and all(task.split == "heldout" for task in planned[CALLS])
        for count in (200, 7):
            calls = plan(split, count)[CALLS]
            pairs = [{(t.persona.persona_id, t.sop.sop_id) for t in calls if t.agent == kind} for kind in AGENTS]
            assert pairs[0] == pairs[1] == pairs[3] and {t.id for t in calls} <= set(ids)


def test_a_switch_changes_language_or_culture_and_nothing_else():
    planned = plan("test", 40)
    for name, tasks in planned.items():
        if name == CALLS:
            continue
        for plain, task in zip(planned["switched none"], tasks, strict=True):
            one, other = plain.persona, task.persona
            assert (task.sop.locale == other.locale == "zh-CN") is (switch_of(name) in ("language", "both"))
            assert (other.culture["preset"] == "zh-CN") is (switch_of(name) in ("culture", "both"))
            assert (one.economic, one.negotiation, one.hard_facts) == (other.economic, other.negotiation, other.hard_facts)
            assert task.start.state == plain.start.state and task.start.utilities == plain.start.utilities
            assert task.start.clock == plain.start.clock and (task.agent, task.seed) == (plain.agent, plain.seed)


def test_an_oracle_does_well_and_who_agrees_does_not(found):
    oracle, yes = (found["users"][user]["groups"] for user in ("oracle", "always_yes"))
    assert list(oracle) == ["all", *AGENTS, SEEN, UNSEEN]
    for group in oracle.values():
        assert group["score"]["mean"] == group["ok"]["mean"] == group["v_state"]["mean"] == 1
        assert group["breach"]["mean"] == group["premature"]["mean"] == 0
    assert oracle["trap"]["resisted"]["mean"] == 1 and oracle["honest"]["resisted"] is None
    assert yes["all"]["score"]["mean"] == 0 and yes["all"]["agreed"]["mean"] > 0.5 and yes["trap"]["resisted"]["mean"] < 1
    assert oracle[SEEN]["score"]["n"] + oracle[UNSEEN]["score"]["n"] == oracle["all"]["score"]["n"] == 24
    endings = found["users"]["oracle"]["endings"]
    assert sum(share["mean"] for share in endings.values()) == pytest.approx(1)
    assert found["users"]["oracle"]["switches"]["none"]["mean"] == 1
    assert found["plan"] == {
        **{"split": "test", "tasks": 12, "runs": 2, "seed": 0, "resamples": 10_000},
        **{"clusters": found["plan"]["clusters"], "failed": {"oracle": 0, "always_yes": 0}},
    }


def test_users_are_compared_on_the_same_calls(found):
    (versus,) = found["versus"]
    by_set = {test["over"]: test for test in versus["tests"]}
    assert set(by_set) == {"success", "rightly ended", "no breach"} and by_set["success"]["only_first"] == 24
    assert by_set["success"]["p"] == pytest.approx(2 / 2**24) and versus["differences"]["score"]["mean"] == 1


def test_a_row_per_call_and_a_page(made):
    rows = pq.read_table(made / "calls.parquet")
    assert rows.schema.equals(SCHEMA)
    planned = plan("test", 3)
    assert rows.num_rows == 2 * 2 * sum(map(len, planned.values()))
    assert rows["seconds"].null_count == rows["tokens"].null_count == rows.num_rows, "a script's are not looked at"
    assert pc.sum(pc.is_null(rows["switch"])).as_py() == 2 * 2 * 12
    page = (made / "calls.html").read_text()
    data = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.S)
    titles = [panel["title"] for panel in json.loads(data[1])["panels"]]
    assert {"goal progress", "persona drift", "How calls ended", "Decided as without a switch"} <= set(titles)
    headings = [line for line in (made / "calls.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0] == "## Goals and endings" and "## Language and culture" in headings and headings[-1] == "## Tests"


def test_equal_seeds_make_equal_files_whole_or_in_pieces(tmp_path, monkeypatch, capsys):
    asked = ("random", "eval.tasks=2", "eval.repeats=2")
    for folder, seed in (("a", 5), ("c", 6)):
        assert parley(*asked, f"run.seed={seed}", "--out", tmp_path / folder) == 0
    add, kept = Store.add, []

    def adding(store, order, table):
        if len(kept) == 7:
            raise Interrupted(2)
        kept.append(order.key)
        add(store, order, table)

    monkeypatch.setattr(Store, "add", adding)
    assert parley(*asked, "run.seed=5", "--out", tmp_path / "b") == 130 and "--resume goes on" in capsys.readouterr().err
    monkeypatch.setattr(Store, "add", add)
    assert parley(*asked, "run.seed=6", "--out", tmp_path / "b", "--resume") == 2 and "run.seed is 6" in capsys.readouterr().err
    assert parley(*asked, "run.seed=5", "--out", tmp_path / "b", "--resume") == 0
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    assert (tmp_path / "a" / FILES[0]).read_bytes() != (tmp_path / "c" / FILES[0]).read_bytes(), "the seed is the user's"


def test_a_user_behind_a_server_is_timed_and_read_strictly(tmp_path):
    answers = [said(ASKS), said("I am no person."), said(ASKS, finish="length")]
    with serving(lambda _: answers[len(server.bodies) % 3]) as server:
        asked = (
            "endpoint",
            behind(server.url),
            "eval.tasks=1",
            "eval.repeats=1",
            "--also",
            "oracle",
            "--out",
            tmp_path / "out",
        )
        assert parley(*asked) == 0
    user = found_in(tmp_path / "out")["users"]["served"]
    everything = user["groups"]["all"]
    assert {"E02", "E28"} <= set(user["errors"]) and everything["fatal"]["mean"] == pytest.approx(2 / 3, abs=0.1)
    assert 0 < everything["seconds"]["mean"] < 5 and everything["tokens"] is None and everything["robotic"]["mean"] > 0.5
    own = [m["content"] for body in server.bodies for m in body["messages"] if m["role"] == "assistant"]
    assert own and set(own) <= {QUESTION, "I am no person."}, "only words that were heard come back, or its last"


def test_a_runs_yaml_will_do_though_its_models_are_elsewhere(tmp_path):
    paper = CONFIG.with_name("userlm_r1_qwen3_8b.yaml")
    config = configured(paper, ["rollout.workers=2"], ["oracle"])
    assert (config.rollout.max_context, config.rollout.workers, config.engine.dtype) == (12288, 2, "bfloat16")
    assert config.gyms.params["UserSimGym"] == {"state_mode": "full"} and config.judges["default"].backend == "rules"
    with pytest.raises(UserError, match=r"rollout\.wrkers is not a known key"):
        configured(paper, ["rollout.wrkers=2"], ["oracle"])
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("rolout: {workers: 2}")
    with pytest.raises(UserError, match="rolout is not a known key: did you mean rollout"):
        configured(wrong, [], ["oracle"])


def test_of_a_runs_evaluation_only_what_is_read_is_kept(tmp_path):
    run = tmp_path / "run.yaml"
    run.write_text(
        "policies: {agent: {model: {tiny: agent}, train: true}, user: {speaker: scripted}}\n"
        "judges: {default: {backend: rules}, strict: {backend: rules}}\n"
        "eval: {tasks: 200, judges: strict, user: 'adversarial:vague', temperature: 0.5}\n"
    )
    evaluation = configured(run, [], ["oracle"]).eval
    assert (evaluation.judges, evaluation.user, evaluation.temperature) == (None, None, 0.5)
    assert evaluation.tasks == 161, "all of the test split's, which a run's own gyms have more of"


def test_a_server_that_fails_is_no_score(tmp_path, capsys):
    with serving([failed(401, "no such key")]) as server:
        assert (
            parley("endpoint", behind(server.url, transport=0), "eval.tasks=1", "eval.repeats=1", "--out", tmp_path / "out")
            == 1
        )
    assert "4 evaluation episodes failed, the first one" in capsys.readouterr().err
    assert not (tmp_path / "out" / "calls.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["oracel"], "WHO is 'oracel': there is no such rule user and no such folder; did you mean oracle?"),
        (["oracle", "--also", "oracle"], "--also is 'oracle': that user is there already"),
        (["oracle", "--user", "scripted"], "--user is 'scripted': it is of agents and does not go with --usersim"),
        (["oracle", "--report", "userrl"], "--report is 'userrl': it is of agents"),
        (["endpoint"], "WHO is endpoint, and eval.agent is null"),
        (["oracle", "gyms.params.UserSimGym.prompt=long"], "prompt is 'long'"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, says, tmp_path, capsys):
    assert parley(*arguments, "--out", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not (tmp_path / "out").exists()
