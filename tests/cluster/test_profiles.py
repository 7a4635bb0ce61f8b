"""`parley profiles`: the kit, the form at a real pseudo-terminal, and what the audit says of answers."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from pseudo_terminal import CTRL_D, session

from cluster import cli
from cluster.profiles.answers import Answer, append
from cluster.profiles.audit import raters, rates, wilson
from cluster.profiles.form import text
from cluster.profiles.kit import QUESTIONS, kit
from envs.usersim.data.sops import domain, sop, sops
from envs.usersim.schema.dynamic_profile import State


@pytest.fixture
def profiles(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "profiles", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, " ".join(err.split())

    return call


def answer(item: str, given: str, *, rater: str = "ana", question: str = "state", domain: str = "finance") -> Answer:
    return Answer.model_validate({"item": item, "answer": given, "rater": rater, "question": question, "domain": domain})


def test_a_kit_has_every_domain_and_is_the_same_again():
    items = kit(24, seed=3)
    assert len({item.item for item in items}) == 24 and items == kit(24, seed=3) != kit(24, seed=4)
    assert {item.domain for item in items} == {domain(each) for each in sops()}
    assert {item.domain for item in kit(24, split="train")} == {domain(each) for each in sops("train")}


def test_an_item_shows_the_generated_profile_and_no_truth_table():
    for item in kit(16):
        persona, sop_id, _ = item.item.split("/")
        assert item.persona["persona_id"] == persona and State.load(item.profile["state"])
        own = sop(sop_id)
        assert item.sop["only the agent knows"] == [fact.text for fact in own.facts if fact.visibility == "agent_only"]
        assert not {"truth", "evidence"} & set(json.dumps(item.sop).replace('"', " ").replace(":", " ").split())
        assert "susceptibility" not in item.persona and "ledgers" not in item.profile and item.questions == QUESTIONS
        concerns = item.profile["target_list"]
        assert all(set(one) == {"id", "tier", "text", "status", "importance", "resolution_test"} for one in concerns)


def test_a_person_labels_leaves_and_goes_on(tmp_path: Path):
    path, out = tmp_path / "kit.jsonl", tmp_path / "kit.labels.jsonl"
    first, second = (item.model_dump(by_alias=True) for item in kit(2))
    first["persona"]["needs"] = ["quiet\x1b]0;title\x07\nThe call:"]
    first["questions"] = {"state": "Fits \x1b[2J it?", "secrets": "None?"}
    second["questions"] = {"state": "Fits?"}
    path.write_text("".join(json.dumps(item) + "\n" for item in (first, second)))
    with session("profiles", "label", path, "--rater", "ana") as terminal:
        terminal.expect("1 of 2")
        shown = terminal.expect("it?")
        assert "quiet\\x1b]0;title\\x07\\nThe call:" in shown and "\x1b]0" not in shown and "\x1b[2J" not in shown
        terminal.line("perhaps")
        terminal.expect("y for yes")
        terminal.line("Y")
        terminal.expect("None?")
        terminal.expect("> ")
        terminal.type(CTRL_D)
        terminal.expect("2 questions left")
        assert terminal.ended() == 0
    with session("profiles", "label", path, "--rater", "ana") as terminal:
        assert "it?" not in terminal.expect("None?")
        terminal.line("s")
        terminal.expect("2 of 2")
        terminal.line("n")
        terminal.expect("all questions are answered")
        assert terminal.ended() == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(each["question"], each["answer"]) for each in found] == [("state", "yes"), ("secrets", "skip"), ("state", "no")]


def test_text_of_an_item_has_every_line_indented_but_its_titles():
    (item,) = kit(1)
    lines = list(text(item))
    assert [line for line in lines if not line.startswith("  ")] == ["The person:", "The call:", "The profile:"]
    assert any("state: trust" in line for line in lines)


@pytest.mark.parametrize("before", ["", "{}", "{}\n"])
def test_an_answer_is_added_on_a_line_of_its_own(tmp_path: Path, before):
    file = tmp_path / "labels.jsonl"
    file.write_bytes(before.encode())
    for who in ("ana", "béa"):
        append(file, answer("i", "yes", rater=who))
    lines = file.read_text("utf-8").splitlines()
    assert lines[: len(lines) - 2] == before.split() and [json.loads(line)["rater"] for line in lines[-2:]] == ["ana", "béa"]


def test_rates_by_question_and_domain():
    answers = [answer(f"i{n}", "yes" if n < 8 else "no") for n in range(10)]
    answers += [answer("j", "no", domain="work", question="secrets"), answer("k", "skip", domain="work")]
    found = {(rate.domain, rate.question): rate for rate in rates(answers)}
    assert found["finance", "state"].rate.value == pytest.approx(0.8) and found["work", "secrets"].rate.value == 0
    assert found["all", "all"].items == 11 and found["all", "all"].rate.value == pytest.approx(8 / 11)
    assert ("work", "state") not in found, "a skipped question is no answer"


def test_raters_of_one_item_are_one_for_the_interval():
    twice = [answer(f"i{n}", "yes" if n % 2 else "no", rater=who) for n in range(20) for who in ("ana", "ben")]
    once = [each for each in twice if each.rater == "ana"]
    assert rates(twice)[0].rate == rates(once)[0].rate and rates(twice)[0].answers == 2 * rates(once)[0].answers


def test_wilson_by_hand_and_by_coverage():
    """8 of 10: (.8 + 3.8415/20 ± 1.96 √(.016 + 3.8415/400)) / 1.38415 = .490 … .943, as in the textbooks."""
    assert wilson(0.8, 10) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert wilson(1.0, 5).high == 1 and wilson(0.0, 5).low == 0 and wilson(1.0, 5).low > 0.5
    rng = random.Random(0)
    held = [wilson(sum(rng.random() < 0.9 for _ in range(40)) / 40, 40) for _ in range(500)]
    assert sum(low <= 0.9 <= high for _, low, high in held) / 500 > 0.92


def test_agreement_of_raters():
    both = [answer(f"i{n}", "yes" if n % 2 else "no", rater=who) for n in range(20) for who in ("ana", "ben")]
    (one,) = raters(both)
    assert (one.raters, one.items, one.alpha, one.exact) == (2, 20, pytest.approx(1), 1)
    (apart,) = raters([each if each.rater == "ana" else each.model_copy(update={"answer": "yes"}) for each in both])
    assert apart.exact == 0.5 and apart.alpha < 0


def test_from_kit_to_audit(profiles):
    assert profiles("kit", "--out", "kit.jsonl", "-n", 8)[0] == 0
    items = [json.loads(line) for line in Path("kit.jsonl").read_text().splitlines()]
    answers = [
        answer(
            item["item"], "no" if who == "ben" and name == "secrets" else "yes", rater=who, question=name, domain=item["domain"]
        )
        for item in items
        for name in item["questions"]
        for who in ("ana", "ben")
    ]
    Path("labels.jsonl").write_text("".join(each.model_dump_json() + "\n" for each in answers))
    code, out, _ = profiles("audit", "labels.jsonl", "--out", "audit")
    assert code == 0 and "0.500 [" in out and "1.000 [" in out
    data = json.loads(Path("audit/audit.json").read_text())
    secrets = next(each for each in data["raters"] if each["question"] == "secrets")
    assert secrets["exact"] == 0 and "## Raters" in Path("audit/audit.md").read_text()
    state = next(each for each in data["raters"] if each["question"] == "state")
    assert state["alpha"] is None and state["exact"] == 1, "who always says yes shows no agreement beyond chance"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"item": "i"}', "l.jsonl line 1: domain: Field required"),
        (answer("i", "yes").model_dump_json().replace("yes", "y"), "line 1: answer: Input should be 'yes', 'no' or 'skip'"),
        (
            "\n".join([answer("i", "yes").model_dump_json()] * 2),
            "line 2: ana has answered state of i at l.jsonl line 1 already",
        ),
        (answer("i", "skip").model_dump_json(), "there is no answer of yes or no"),
        ("{", "line 1: it is no JSON"),
        (
            answer("i", "yes").model_dump_json() + "\n" + answer("i", "yes", question="secret").model_dump_json(),
            "l.jsonl line 2: no kit has the question secret; did you mean secrets?",
        ),
        (answer("i", "yes", question="x\x1b[2J").model_dump_json(), "line 1: no kit has the question x\\x1b[2J; choose from"),
    ],
)
def test_mistakes_name_the_line(profiles, line, sentence):
    Path("l.jsonl").write_text(line + "\n")
    code, _, err = profiles("audit", "l.jsonl")
    assert code == 2 and sentence in err


def test_a_kit_that_is_none_is_refused(profiles):
    Path("kit.jsonl").write_text('{"item": "x"}\n')
    assert "kit.jsonl line 1: domain: Field required" in profiles("label", "kit.jsonl", "--rater", "ana")[2]
    assert profiles("kit", "--out", "kit.txt")[0] == 2
