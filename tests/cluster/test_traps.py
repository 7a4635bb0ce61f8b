"""`parley traps` through the command line: the invariants of the rule users, what is written, and mistakes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cluster import cli
from cluster.traps.outputs import SCHEMA
from envs.usersim.schema.enums import TRAPS

FILES = ("items.parquet", "traps.json", "traps.md", "traps.html")
USERS = ("oracle", "always_no", "always_yes")


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
        (["oracel"], "WHO is 'oracel': there is no such rule user; did you mean oracle?"),
        (["endpoint"], "played by rule users only, not by models"),
        (["."], "played by rule users only, not by models"),
        (["oracle", "--also", "oracle"], "--also is 'oracle'"),
        (["oracle", "--locale", "de-DE"], "--locale is 'de-DE': the test split has no items in it; choose from en-US, zh-CN."),
        (["oracle", "--locale", "zh-CN", "--split", "dev"], "the dev split has no items in it; choose from en-US."),
    ],
)
def test_a_mistake_is_one_sentence(arguments, says, tmp_path, capsys):
    out = tmp_path / "out"
    assert parley(*arguments, "--out", out) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not out.exists()


def test_nothing_is_overwritten(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert parley("oracle", "--out", tmp_path) == 2
    assert "that folder holds something" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
