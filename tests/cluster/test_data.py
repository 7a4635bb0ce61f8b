"""`parley data` at the command line: what it prints and writes, and what it says of a mistake."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import envs
from cluster import cli
from envs import registry, task_file

sys.path.insert(0, str(Path(__file__).parents[1] / "envs"))
from userrl_cases import ITEMS, items, parquet, row

COMPLETE = ("SearchGym", "TelepathyGym")
OWN = "envs.template"


@pytest.fixture
def parley(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "data", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "100")
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


def test_the_list_counts_what_the_loaders_give(parley):
    code, out, _ = parley("list", "--json")
    rows = {(each["gym"], each["source"]): each for each in json.loads(out)}
    assert code == 0 and {gym for gym, _ in rows} == set(envs.gyms())
    assert [rows["IntentionGym", "handwritten"][split] for split in ("train", "heldout")] == [60, 20]
    assert rows["IntentionGym", "medical"]["train"] == 0
    assert rows["IntentionGym", "generated"]["usual"] and not rows["IntentionGym", "medical"]["usual"]
    assert rows["TauGym", "tau_bench"]["heldout"] is None and "not installed" in rows["TauGym", "tau_bench"]["note"]


def test_the_list_is_a_table_for_people(parley, monkeypatch):
    monkeypatch.setattr(envs, "gyms", lambda: ["TelepathyGym"])
    code, out, _ = parley("list")
    assert code == 0 and "handwritten" in out and "345" in out and "loaded if none is named" in out


def test_a_task_is_shown_without_what_is_hidden_unless_asked_for(parley):
    task = envs.load("TelepathyGym", "heldout", source="handwritten")[0]
    asked = ("show", "TelepathyGym", "--source", "handwritten", "--task", task.id)
    name = task.hidden.name  # type: ignore[attr-defined]
    for form in ((), ("--json",)):
        code, out, _ = parley(*asked, *form)
        assert code == 0 and task.id in out and task.visible.opening in out.replace("\n", " ")  # type: ignore[attr-defined]
        assert name not in out.replace(task.id, "").split() and "facts" not in out
        assert f'"{name}"' in parley(*asked, "--hidden", *form)[1]


@pytest.fixture
def own_gym(monkeypatch):
    """As if the template had never been imported, before and after."""
    monkeypatch.setattr(registry, "_ENTRIES", {name: entry for name, entry in registry._ENTRIES.items() if name != "KeysGym"})
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith(OWN)}
    yield OWN
    for name in [name for name in sys.modules if name.startswith(OWN)]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_a_task_of_an_own_gym_is_hidden_but_for_what_the_agent_reads(parley, own_gym):
    code, out, _ = parley("show", "KeysGym", "--module", own_gym, "--split", "heldout", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["agent_reads"] == ["The singer cannot leave."] and "hidden" not in told
    told = json.loads(parley("show", "KeysGym", "--module", own_gym, "--split", "heldout", "--json", "--hidden")[1])
    assert told["hidden"] == {"story": "The singer cannot leave.", "room": "attic"}


def test_rows_and_items_of_several_gyms_become_one_file_that_is_played(parley, tmp_path):
    rows = [row(gym, split) for split in ("train", "test") for gym in COMPLETE]
    train, test = parquet(tmp_path / "train.parquet", rows[:2]), parquet(tmp_path / "test.parquet", [row("TurtleGym", "test")])
    stories = items(tmp_path / "stories.json", "TurtleGym")
    code, out, err = parley("import", train, test, "--items", stories, "--out", "all.jsonl")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["read"] == told["tasks"] == 3 and told["bad"] == 0
    assert told["gyms"] == {"SearchGym": {"train": 1}, "TelepathyGym": {"train": 1}, "TurtleGym": {"heldout": 1}}
    assert len(envs.load("TurtleGym", "heldout", file="all.jsonl")) == 1
    code, out, _ = parley("show", "TurtleGym", "--file", "all.jsonl", "--hidden")
    assert code == 0 and "The Wet Baker" in out and "no script can be agent, judge, partner" in out


@pytest.mark.parametrize("gym", sorted(ITEMS))
def test_items_need_a_split(gym, parley, tmp_path):
    path = items(tmp_path / "items.json", gym)
    code, _, err = parley("import", path, "--gym", gym, "--out", "a.jsonl")
    assert code == 2 and "add --split train or --split heldout" in err
    assert parley("import", path, "--gym", gym, "--split", "heldout", "--out", "a.jsonl")[0] == 0
    assert [task.split for task in task_file.read(Path("a.jsonl"))] == ["heldout"] * len(ITEMS[gym])


def test_bad_rows_are_named_and_nothing_is_written_unless_they_may_be_dropped(parley, tmp_path):
    bad = [row("SearchGym", id=None, question="") for _ in range(25)]
    path = parquet(tmp_path / "rows.parquet", [row("SearchGym"), *bad, row("SearchGym"), row("TelepathyGym", "val")])
    code, out, err = parley("import", path, "--out", "a.jsonl")
    lines = err.splitlines()
    assert code == 2 and out == "" and not Path("a.jsonl").exists()
    field = "extra_info.tools_kwargs.interact_with_env.create_kwargs.id"
    assert lines[0] == f"{path} row 2: {field}: it is missing."
    assert lines[20] == "… and 7 more" and len(lines) == 22
    assert lines[21] == "parley: 27 of 28 rows are bad, nothing was written: mend them, or add --drop-bad."
    code, out, err = parley("import", path, "--drop-bad", "--out", "a.jsonl")
    told = json.loads(out)
    assert code == 0 and (told["read"], told["tasks"], told["bad"]) == (28, 1, 27)
    assert len(err.splitlines()) == 21 and len(task_file.read(Path("a.jsonl"))) == 1


def test_a_task_that_is_there_twice_is_a_bad_row(parley, tmp_path):
    path = parquet(tmp_path / "rows.parquet", [row("SearchGym"), row("SearchGym", "test")])
    code, _, err = parley("import", path, "--out", "a.jsonl")
    assert code == 2 and f"row 2: id: the task Bamboogle-9 is there already, in {path} row 1." in err


def test_bad_text_reaches_the_terminal_as_text(parley, tmp_path):
    path = parquet(tmp_path / "rows.parquet", [row("SearchGym", "\x1b[2J\nsplit")])
    err = parley("import", path, "--out", "a.jsonl")[2]
    assert "\x1b" not in err and len(err.splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "TurtelGym"), "did you mean 'TurtleGym'"),
        (
            ("show", "IntentionGym", "--source", "medicol"),
            "--source is 'medicol': no source of IntentionGym; did you mean medical?",
        ),
        (("show", "SearchGym", "--source", "x"), "it has one list only; leave it out"),
        (("show", "IntentionGym", "--task", "x"), "--task 'x' is no task of IntentionGym in source generated"),
        (
            ("show", "IntentionGym", "--source", "legal", "--split", "train"),
            "IntentionGym has no task in source legal, split train",
        ),
        (("show", "IntentionGym", "--file", "no.jsonl"), "no.jsonl cannot be read as text: No such file or directory."),
        (("show", "IntentionGym", "--file", "no.jsonl", "--source", "all"), "--source and --file exclude each other"),
        (("show", "IntentionGym", "--module", "nowhere"), "--module: importing nowhere failed"),
        (("import", "no.parquet", "--out", "a.jsonl"), "no.parquet cannot be read as Parquet"),
        (("import", "no.json", "--out", "a.jsonl"), "no.json does not say whose items it has: add --gym, one of FunctionGym"),
        (("import", "no.csv", "--out", "a.jsonl"), "no.csv must end in .parquet"),
        (("import", "no.parquet", "--out", "a.parquet"), "'a.parquet' must end in .jsonl."),
        (("import", "no.parquet", "--gym", "KeyGym", "--out", "a.jsonl"), "--gym is 'KeyGym': UserRL has no data of that gym"),
        (("import", "no.parquet", "--split", "train", "--out", "a.jsonl"), "says of every row what its split is; leave it out"),
        (("import", "no.parquet", "--items", "no.json", "--out", "a.jsonl"), "no.json cannot be read as text: No such file"),
        (("export", "TurtleGym", "--out", "a.json"), "'a.json' must end in .parquet."),
        (("export", "TurtleGym", "--out", "no/a.parquet"), "'no/a.parquet' cannot be made: there is no folder no."),
        (("export", "KeysGym", "--out", "a.parquet"), "KeysGym is no gym of UserRL's"),
        (("overlap", "IntentionGym", "--file", "no.jsonl"), "no.jsonl cannot be read as text"),
    ],
)
def test_a_mistake_is_one_sentence(arguments, says, parley):
    code, out, err = parley(*arguments)
    assert (code, out) == (2, "") and err.startswith("parley: ") and err.count("\n") == 1
    assert says in err, err


def test_tasks_are_exported_with_the_items_beside_and_come_back(parley, tmp_path):
    code, out, _ = parley("export", "TelepathyGym", "--split", "heldout", "--out", "a.parquet", "--items", "a.json")
    assert code == 0 and json.loads(out)["tasks"] == 135 == len(pq.read_table("a.parquet")) == len(
        json.loads(Path("a.json").read_text())
    )
    assert parley("import", "a.parquet", "--out", "a.jsonl")[0] == 0
    assert parley("export", "TelepathyGym", "--file", "a.jsonl", "--out", "b.parquet")[0] == 0
    assert parley("import", "b.parquet", "--gym", "TelepathyGym", "--out", "b.jsonl")[0] == 0
    assert Path("a.jsonl").read_text() == Path("b.jsonl").read_text()
    assert not list(tmp_path.glob(".*")), "nothing is left aside"


def test_the_overlap_is_counted_and_names_what_is_shared(parley, tmp_path):
    twice = [row("SearchGym", "train"), row("SearchGym", "test", id="Bamboogle-10")]
    assert parley("import", parquet(tmp_path / "rows.parquet", twice), "--out", "a.jsonl")[0] == 0
    code, out, _ = parley("overlap", "SearchGym", "--file", "a.jsonl", "--json")
    told = json.loads(out)
    assert code == 0 and (told["train"], told["heldout"], told["touched"], told["identical"]) == (1, 1, 1, 1)
    assert told["share"] == told["mean_share"] == 1.0
    code, out, _ = parley("overlap", "SearchGym", "--file", "a.jsonl", "--n", "5")
    assert code == 0 and "1 (100.0%)" in out and "     1  founded the town where the" in out
    told = json.loads(parley("overlap", "IntentionGym", "--source", "legal", "--json")[1])
    assert told["train_of"] == "source all, split train" and told["train"] == 4060
