"""`parley agreement`: which judge passes and why not, what it writes, and what it says of a mistake."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from cluster import cli
from cluster.agreement.labels import Label
from cluster.agreement.study import Study, study

PEOPLE = ("ana", "ben", "cem")


def labels(seed: int = 0, *, items: int = 150, drift: float = 0.0, noise: int = 1, humans: int = 3, **more: Any) -> list[Label]:
    """People see a quality of 1 to 5, now and then one off; the judge too, `drift` points more per unit of log length."""
    rng = random.Random(seed)

    def seen(truth: float, often: float = 0.3) -> float:
        return float(min(max(round(truth) + (rng.choice((-1, 1)) if rng.random() < often else 0), 1), 5))

    made = []
    for at in range(items):
        truth, scale = rng.randint(1, 5), rng.choice((-2, -1, 0, 1, 2))
        own = {"item": f"i{at}", "dimension": "honesty", "length": 50.0 * 2.718281828**scale, **more}
        for name in PEOPLE[:humans]:
            made.append(Label(rater=name, kind="human", score=seen(truth), **own))
        guess = truth if noise else rng.randint(1, 5)
        made.append(Label(rater="judge", kind="judge", score=seen(guess) + drift * scale, **own))
    return made


def gates(made: Study) -> dict[str, bool]:
    return {gate.name: gate.passed for gate in made.judges[0].gates}


def test_a_judge_as_good_as_a_person_passes():
    made = study(labels())
    assert made.judges[0].verdict == "pass" and all(gates(made).values())
    assert made.humans[0].kappa.low < made.judges[0].kappa.value < made.humans[0].kappa.high + 0.05
    assert (made.humans[0].items, made.humans[0].raters, made.judges[0].items) == (150, 3, 150)


def test_each_gate_fails_alone_and_says_why():
    biased = study(labels(drift=0.3))
    assert gates(biased) == {
        "human alpha": True,
        "judge kappa": True,
        "judge kappa of human kappa": True,
        "length slope": False,
    }
    slope = biased.judges[0].slopes["log length"]
    assert slope.low < 0.3 < slope.high and "> 0.1" in biased.judges[0].gates[3].reason
    guessing = study(labels(noise=0, items=2000))
    assert gates(guessing) == {
        "human alpha": True,
        "judge kappa": False,
        "judge kappa of human kappa": False,
        "length slope": True,
    }
    rng = random.Random(1)
    split = [
        label.model_copy(update={"score": float(rng.randint(1, 5))}) if label.rater in ("ben", "cem") else label
        for label in labels()
    ]
    assert not gates(study(split))["human alpha"] and gates(study(split))["judge kappa of human kappa"]


def test_a_judge_far_below_people_who_agree_perfectly_fails_by_the_ceiling_alone():
    made = labels(items=400)
    by_item = {label.item: label.score for label in made if label.rater == "ana"}
    same = [label.model_copy(update={"score": by_item[label.item]}) if label.kind == "human" else label for label in made]
    rng = random.Random(0)
    worse = [
        label.model_copy(update={"score": float(rng.randint(1, 5))}) if label.kind == "judge" and rng.random() < 0.2 else label
        for label in same
    ]
    found = study(worse)
    assert 0.55 < found.judges[0].kappa.value < 0.8 and found.humans[0].kappa.value == pytest.approx(1)
    assert gates(found)["judge kappa"] and not gates(found)["judge kappa of human kappa"]


def test_what_is_missing_does_not_pass():
    alone = study(labels(humans=1))
    assert alone.judges[0].verdict == "fail" and "fewer than two humans" in alone.judges[0].gates[0].reason
    assert study(labels(humans=0)).judges[0].verdict == "uncalibrated"
    no_length = study([label.model_copy(update={"length": None}) for label in labels()])
    assert not gates(no_length)["length slope"] and "has a length" in no_length.judges[0].gates[3].reason


def test_declared_covariates_take_their_share():
    """A judge that likes one system half a point more: with words as the covariate."""
    made = []
    for label in labels(items=400):
        system = "ours" if int(label.item[1:]) % 3 == 0 else "theirs"
        more = 0.5 if label.kind == "judge" and system == "ours" else 0.0
        made.append(label.model_copy(update={"covariates": {"system": system}, "score": label.score + more}))
    slope = study(made, ["system"]).judges[0].slopes["system: ours rather than theirs"]
    assert slope.low < 0.5 < slope.high and slope.low > 0.2


def test_the_order_of_labels_and_the_names_of_raters_change_nothing():
    some = labels()
    shuffled = random.Random(2).sample(some, len(some))
    renamed = [label.model_copy(update={"rater": {"ana": "zoe"}.get(label.rater, label.rater)}) for label in shuffled]
    one, other = study(some), study(renamed)
    assert one.judges[0].kappa.value == pytest.approx(other.judges[0].kappa.value)
    assert one.humans[0].alpha_ordinal == pytest.approx(other.humans[0].alpha_ordinal)


@pytest.fixture
def agreement(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "agreement", *arguments])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, " ".join(err.split())

    return call


def write(path: str, made: list[Label]) -> None:
    Path(path).write_text("".join(label.model_dump_json(exclude_none=True) + "\n" for label in made))


def test_it_writes_json_and_markdown_and_shows_a_table(agreement):
    write("a.jsonl", labels(dimension="hon\x1b]0;x|esty"))
    code, out, _ = agreement("a.jsonl", "--out", "folder")
    assert code == 0 and "\x1b" not in out and "length slope" in out and "pass" in out
    data = json.loads(Path("folder/agreement.json").read_text())
    assert data["judges"][0]["verdict"] == "pass" and data["judges"][0]["kappa"]["low"] < data["judges"][0]["kappa"]["value"]
    page = Path("folder/agreement.md").read_text()
    assert "\x1b" not in page and "x\\|esty" in page and "## Gates" in page


GOOD = {"item": "a", "dimension": "d", "rater": "r", "kind": "human", "score": 3}


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["{oops"], "l.jsonl line 1: it is no JSON"),
        (
            [GOOD, {**GOOD, "item": "b", "kind": "robot"}],
            "l.jsonl line 2: kind: Input should be 'human' or 'judge', but it is \"robot\"",
        ),
        ([{**GOOD, "score": "3"}], "line 1: score: Input should be a valid number"),
        ([{**GOOD, "length": 0}], "line 1: length: Input should be greater than 0"),
        ([{**GOOD, "lenght": 4}], "line 1: lenght: Extra inputs are not permitted"),
        ([{"item": "a"}], "line 1: dimension: Field required"),
        ([GOOD, GOOD], "line 2: r has given item a a score for d at l.jsonl line 1 already"),
        ([GOOD, {**GOOD, "item": "b", "kind": "judge"}], "line 2: r is a judge here, but a human before"),
        (
            [{**GOOD, "length": 4}, {**GOOD, "rater": "s", "length": 5}],
            "length of item a is 5.0 here, but 4.0 at l.jsonl line 1",
        ),
        ([], "there are no labels"),
        (["[1]"], "line 1: the line: Input should be an object"),
        (['{"item": NaN}'], "line 1:"),
    ],
)
def test_mistakes_name_the_line(agreement, lines, sentence):
    Path("l.jsonl").write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    code, _, err = agreement("l.jsonl")
    assert code == 2 and sentence in err and "Traceback" not in err


def test_an_unknown_covariate_or_file_is_named(agreement):
    write("a.jsonl", labels(items=5, covariates={"think": True}))
    assert "No label has the covariate 'thinks': did you mean think?" in agreement("a.jsonl", "--covariate", "thinks")[2]
    assert "none.jsonl cannot be read" in agreement("none.jsonl")[2]
    many = [label.model_copy(update={"score": at / 7}) for at, label in enumerate(labels())]
    write("b.jsonl", many)
    assert "honesty has 600 different scores" in agreement("b.jsonl")[2]
