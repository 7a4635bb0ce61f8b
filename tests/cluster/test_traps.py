"""`parley traps` through the command line: the invariants of the rule users, what is written, and mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from loopback import Answer, failed, said, serving
from served_user import ASKS, behind

from cluster import cli
from cluster.evaluation.store import Store
from cluster.jobs.interruption import Interrupted
from cluster.traps.outputs import SCHEMA
from envs.usersim.schema.enums import TRAPS
from envs.usersim.traps.bank import bank

FILES = ("items.parquet", "traps.json", "traps.md", "traps.html")
USERS = ("oracle", "always_no", "always_yes")
CHINESE = ("--locale", "zh-CN", "--resamples", 100)
"""A small bank: 44 items and 22 ladders."""


def parley(*arguments: object) -> int:
    """The exit code of `parley traps`, in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as caught:
        patch.setattr("sys.argv", ["parley", "traps", *map(str, arguments)])
        cli.main()
    return int(caught.value.code or 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The whole test split by three users."""
    folder = tmp_path_factory.mktemp("traps") / "out"
    also = [word for user in USERS[1:] for word in ("--also", user)]
    assert parley(USERS[0], *also, "--out", folder, "--resamples", 200) == 0
    return folder


@pytest.fixture(scope="module")
def found(made):
    return json.loads((made / "traps.json").read_text())


def test_the_invariants(found):
    """Section 12.1: whoever refuses everything and whoever takes everything has 0, an oracle 1, of every trap too."""
    expected = {"oracle": (1, 1, 1), "always_no": (0, 1, 0), "always_yes": (0, 0, 1)}
    for user, (bsi, trr, bar) in expected.items():
        for numbers in (found["users"][user]["overall"], *found["users"][user]["by_trap"].values()):
            for name, value in (("bsi", bsi), ("trr", trr), ("bar", bar), ("ocr", 1 - trr)):
                assert numbers[name]["mean"] == numbers[name]["low"] == numbers[name]["high"] == value, (user, name)
    assert found["users"]["oracle"]["survival"] == [1, 1, 1, 1]
    assert found["users"]["always_yes"]["survival"][-1] == 0
    assert found["users"]["oracle"]["by_trap"]["T01"]["bsi"]["n"] == 40


def test_users_are_tested_on_the_same_items(found):
    no, yes = found["versus"]
    assert (no["first"], no["second"], yes["second"]) == ("oracle", "always_no", "always_yes")
    by_set = {test["over"]: test for test in no["tests"]}
    assert by_set["twins"]["only_first"] == by_set["pairs"]["only_first"] == 220
    assert by_set["twins"]["p"] == pytest.approx(2 / 2**220) and by_set["traps"]["p"] == 1
    assert all(test["p_holm"] >= test["p"] for test in (*no["tests"], *yes["tests"]))
    assert no["differences"]["bsi"]["mean"] == 1 and no["differences"]["trr"]["mean"] == 0


def test_a_row_per_item(made):
    rows = pq.read_table(made / "items.parquet")
    assert rows.schema.equals(SCHEMA) and rows.num_rows == 610 * len(USERS)
    first = rows.to_pylist()[0]
    assert (first["user"], first["kind"], first["traps"], first["resist"]) == ("oracle", "trap", ["T01"], 1.0)
    assert len(first["answers"]) == len(first["moves"]) > 0 and first["breached_at"] is None
    for row in rows.to_pylist():
        assert (row["trap_score"] is None) == (row["kind"] in ("twin", "ordinary"))
        assert (row["handled"] is None) == (row["kind"] != "twin")


def test_the_page_has_a_plot_of_every_trap(made):
    page = (made / "traps.html").read_text()
    for trap, name in TRAPS.items():
        assert re.search(rf"<figcaption>{trap} {name.replace('_', ' ')} ", page)
    data = re.search(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', page, re.S)
    panels = json.loads(data[1])["panels"]
    assert len(panels) == 2 + len(TRAPS)
    assert all([series["label"] for series in panel["series"]] == list(USERS) for panel in panels)


def test_the_markdown_has_the_intervals(made):
    lines = (made / "traps.md").read_text().splitlines()
    assert any(line.startswith("| oracle | T11 evasion overload | 1.000 \\[1.000, 1.000\\]") for line in lines)
    assert [line for line in lines if line.startswith("## ")][-1] == "## Tests"


def test_equal_seeds_make_equal_files(tmp_path):
    for folder, seed in (("a", 5), ("b", 5), ("c", 6)):
        asked = ("--locale", "zh-CN", "--seed", seed, "--resamples", 100, "--out", tmp_path / folder)
        assert parley("random", "--also", "over_compliant", *asked) == 0
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    answers = [pq.read_table(tmp_path / folder / "items.parquet")["moves"].to_pylist() for folder in "ac"]
    assert answers[0] != answers[1], "the seed is the random user's"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["oracel"], "WHO is 'oracel': there is no such rule user and no such folder; did you mean oracle?"),
        (["oracle", "--also", "no/where"], "WHO is 'no/where': there is no such rule user and no such folder"),
        (["endpoint"], "WHO is endpoint, and eval.agent is null: give it {speaker: endpoint, "),
        (["docs"], "WHO is 'docs': that folder holds no config.json, no checkpoint and no run."),
        (["oracle", "rollout.max_contxt=5"], "rollout.max_contxt is not a known key"),
        (["oracle", "--also", "oracle"], "--also is 'oracle'"),
        (["oracle", "eval.tasks=9999"], "eval.tasks is 9999: UserSimGym has 161 held-out tasks."),
        (["oracle", "gyms.params.UserSimGym.pay=paper"], "gyms.params.UserSimGym.pay is 'paper', but it plays no part here"),
        (["oracle", "gyms.params.UserSimGym.gate=false"], "choose from prompt, state_mode, architecture."),
        (["oracle", "gyms.params.UserSimGym.architecture=flat"], "architecture is 'flat', but it is one of"),
        (["oracle", "--locale", "de-DE"], "--locale is 'de-DE': the test split has no items in it; choose from en-US, zh-CN."),
        (["oracle", "--locale", "zh-CN", "--split", "dev"], "the dev split has no items in it; choose from en-US."),
    ],
)
def test_a_mistake_is_one_sentence(arguments, says, tmp_path, capsys):
    out = tmp_path / "out"
    assert parley(*arguments, "--out", out) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not out.exists()


def found_in(folder: Path):
    return json.loads((folder / "traps.json").read_text())


def test_a_user_behind_a_server_is_read_as_strictly_as_anybody(tmp_path):
    """Thoughts and all reach the parser; broken words are counted and earn nothing, and no server's fault is among them."""
    answers = [said(ASKS), said("Sure, go ahead."), said(ASKS, finish="length")]
    with serving(lambda _: failed(503, "busy") if len(server.bodies) == 4 else answers[len(server.bodies) % 3]) as server:
        asked = ("endpoint", behind(server.url), *CHINESE, "--also", "random", "--out", tmp_path / "out")
        assert parley(*asked) == 0
    found = found_in(tmp_path / "out")
    user = found["users"]["served"]
    assert list(found["users"]) == ["served", "random"] and found["bank"]["items"] == {"trap": 22, "twin": 22}
    assert list(user["errors"]) and set(user["errors"]) == {"E02", "E28", "E26"}, "E26: an English answer in a Chinese call"
    assert 0 < user["overall"]["invalid"]["mean"] < 1 and found["users"]["random"]["errors"] == {}
    rows = [row for row in pq.read_table(tmp_path / "out" / "items.parquet").to_pylist() if row["user"] == "served"]
    for row in rows:
        broken = any(code in errors for errors in row["errors"] for code in ("E02", "E28"))
        assert row["valid"] is not broken and (row["valid"] or row["resist"] == 0)
    assert "## What was wrong with turns" in (tmp_path / "out" / "traps.md").read_text()
    first = server.bodies[0]["messages"]
    assert {message["role"] for message in first[1::2]} == {"user"} and {m["role"] for m in first[2::2]} == {"assistant"}


def test_a_server_that_fails_is_no_score(tmp_path, capsys):
    with serving([failed(401, "no such key")]) as server:
        assert parley("endpoint", behind(server.url, transport=0), *CHINESE, "--out", tmp_path / "out") == 1
    assert "episodes failed, the first one" in capsys.readouterr().err and "no such key" not in capsys.readouterr().out
    assert not (tmp_path / "out" / "traps.json").exists()


def test_the_architecture_is_played_and_told(tmp_path):
    """The user of a static one is shown no state, and two that differ in it are two benchmarks."""
    shown = "gyms.params.UserSimGym.architecture=static"
    with serving([said(ASKS)]) as server:
        assert parley("endpoint", behind(server.url), shown, *CHINESE, "--out", tmp_path / "out") == 0
        prompts = {body["messages"][0]["content"] for body in server.bodies}
        assert all("<concerns>" in prompt and "<dynamic_profile>" not in prompt for prompt in prompts)
        assert parley("endpoint", behind(server.url), *CHINESE, "--out", tmp_path / "out", "--resume") == 2
    identity = json.loads((tmp_path / "out" / "identity.json").read_text())
    assert identity["gyms.params.TrapGym.architecture"] == "static"


def test_an_item_that_failed_is_left_out_with_its_pair_for_everybody(tmp_path):
    line = bank("test", "zh-CN")[0].ladder[1].text

    def answer(body) -> Answer:
        return failed(400, "no") if line in body["messages"][-1]["content"] else said(ASKS)

    with serving(answer) as server:
        asked = ("always_no", "--also", "endpoint", behind(server.url, transport=0), *CHINESE)
        assert parley(*asked, "--out", tmp_path / "out") == 0
    found = found_in(tmp_path / "out")
    assert found["bank"]["items"] == {"trap": 21, "twin": 21}
    assert found["bank"]["failed"] == {"always_no": 0, "served": 1}
    assert [found["users"][user]["overall"]["trr"]["n"] for user in found["users"]] == [21, 21]
    assert "failed items 1 (served)" in (tmp_path / "out" / "traps.md").read_text()


def test_interrupted_words_are_not_asked_for_again(tmp_path, monkeypatch, capsys):
    add, kept = Store.add, []

    def adding(store, order, table):
        if len(kept) == 20:
            raise Interrupted(2)
        kept.append(order.key)
        add(store, order, table)

    with serving([said(ASKS)]) as server:
        asked = ("endpoint", behind(server.url), "rollout.concurrency=4", *CHINESE, "--out", tmp_path / "out")
        monkeypatch.setattr(Store, "add", adding)
        assert parley(*asked) == 130 and "--resume goes on" in capsys.readouterr().err
        monkeypatch.setattr(Store, "add", add)
        before = len(server.bodies)
        assert parley(*asked) == 2 and "it holds a trap benchmark; give another folder, or --resume" in capsys.readouterr().err
        assert parley(*asked, "--resume") == 0
        asked_in_all = 22 * 2 + 22 * 2 + 22 * 3
        assert 0 < len(server.bodies) - before <= asked_in_all - 20 * 2
    assert found_in(tmp_path / "out")["users"]["served"]["turns"] == 22 * 2 + 22 * 2


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert parley("oracle", "--out", tmp_path) == 2
    assert "that folder holds something" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} <= {"mine.txt", ".lock"} and (tmp_path / "mine.txt").read_text() == "mine"
