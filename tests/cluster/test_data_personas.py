"""`parley data import alignx`: what it writes, and what it says of a mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cluster import cli
from envs.usersim.schema.static_profile import StaticProfile

RECORDS = Path(__file__).parents[1] / "envs" / "alignx_records.jsonl"


@pytest.fixture
def alignx(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "data", "import", "alignx", *map(str, arguments), "--out", "people.jsonl"])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, " ".join(err.split())

    return call


def test_records_become_personas_and_the_bad_ones_are_named(alignx, tmp_path):
    code, out, err = alignx(RECORDS, "--drop-bad")
    assert code == 0 and json.loads(out) == {"read": 12, "personas": 8, "bad": 4, "out": "people.jsonl"}
    people = [StaticProfile.load(json.loads(line)) for line in (tmp_path / "people.jsonl").read_text().splitlines()]
    assert len({person.persona_id for person in people}) == 8 and "line 10: pair 2: 0.7 is not 0, 0.5 or 1" in err


def test_nothing_is_written_if_a_record_is_bad(alignx, tmp_path):
    code, _, err = alignx(RECORDS)
    assert code == 2 and "4 of 12 records are bad, nothing was written" in err and not (tmp_path / "people.jsonl").exists()


def test_a_list_and_a_broken_line_are_read(alignx, tmp_path):
    lines = RECORDS.read_text().splitlines()
    (tmp_path / "list.json").write_text(f"[{lines[0]}]")
    (tmp_path / "broken.jsonl").write_text(f"{lines[1]}\n{{oops\n")
    code, out, err = alignx("list.json", "broken.jsonl", "--drop-bad")
    assert code == 0 and json.loads(out)["personas"] == 2 and "broken.jsonl line 2: it is no JSON" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "alignx needs a file"),
        (("people.csv",), "people.csv must end in .json"),
        (("none.jsonl",), "none.jsonl cannot be read"),
        (("object.json",), "object.json must hold a list"),
    ],
)
def test_mistakes_are_one_sentence(alignx, tmp_path, arguments, sentence):
    (tmp_path / "object.json").write_text("{}")
    code, _, err = alignx(*arguments)
    assert code == 2 and sentence in err and "Traceback" not in err
