"""`parley play` at a real pseudo-terminal: both seats, leaving, and that every game can be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pseudo_terminal import CTRL_D, session
from test_cli import parley

import envs
from cluster.record.run_directory import RunDirectory
from learner.tiny import make_tiny

DATES = next(task for task in envs.load("IntentionGym", "heldout"))


def games(folder: Path) -> list[dict[str, Any]]:
    directory = RunDirectory.at(folder)
    return [directory.read_trajectories("human", n).to_pylist()[0] for n in directory.iterations("human")]


def test_a_person_plays_the_agent_of_intention_and_is_told_what_was_malformed(tmp_path: Path, monkeypatch, capsys):
    with session("play", "IntentionGym", "--as", "agent", "--task", DATES.id, "--seed", 1, "--out", tmp_path) as terminal:
        terminal.expect("You are the agent.")
        terminal.expect(f"user: {DATES.visible.request}")
        terminal.line("When?")
        terminal.expect("user: Start with [action], [answer] or [finish].")
        terminal.line("")
        terminal.expect("Say something.")
        detail = DATES.hidden.details[0]
        terminal.line(f"[action] {detail.inquiries[0]}")
        assert detail.value in terminal.expect("\n> ").lower()
        terminal.type("[finish]\n")
        terminal.expect("no success")
        terminal.expect("1 to 5?")
        terminal.type("7\n")
        terminal.expect("A number from 1 to 5.")
        terminal.type("4\n")
        terminal.expect("A comment?")
        terminal.type("a \x1b]0;title\x07 good one\n")
        assert terminal.ended() == 0
    (row,) = games(tmp_path)
    assert (row["policy"], row["opponent"], row["status"], row["seed"], row["tokens"]) == ("human", "scripted", "ok", 1, [])
    assert 0 < row["score"] < 1 and [turn["rewards"][1]["value"] for turn in row["turns"]] == [-1.0, 0.0, 0.0]
    assert parley("show", str(tmp_path), "--phase", "human", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "rating 4 of 5" in shown and "good one" in shown and "\x1b]0" not in shown


def test_a_person_plays_the_user_of_telepathy_and_chooses_by_number(tmp_path: Path):
    with session("play", "TelepathyGym", "--as", "user", "--seed", 5, "--out", tmp_path) as terminal:
        profile = terminal.expect("agent: ")
        assert "You think of this thing:" in profile
        terminal.expect("1  Yes.")
        terminal.line("perhaps")
        terminal.expect("1 to 3, or one of: Yes. No. Maybe.")
        terminal.line("2")
        terminal.line("yes")
        terminal.expect("agent: ")
        terminal.expect("> ")
        terminal.type(CTRL_D)
        assert terminal.ended() == 0
    (row,) = games(tmp_path)
    assert (row["policy"], row["opponent"], row["status"], row["score"]) == ("scripted:agent", "human", "left", None)
    assert '"No."' in row["messages"] and '"Yes."' in row["messages"]
    assert len(row["turns"]) == 3, "the question that nobody answered is there too"


def test_ctrl_c_leaves_with_130_and_what_was_said_is_kept(tmp_path: Path, monkeypatch, capsys):
    with session("play", "KeysGym", "--as", "agent", "gyms.modules=[envs.template]", "--out", tmp_path) as terminal:
        terminal.line("[action] Is it in the hall?")
        terminal.expect("user: ")
        terminal.expect("> ")
        assert terminal.interrupted() == 130
    (row,) = games(tmp_path)
    assert (row["status"], row["opponent"]) == ("left", "scripted") and "in the hall?" in row["messages"]
    assert parley("show", str(tmp_path), "--phase", "human", monkeypatch=monkeypatch) == 0
    assert "the person left" in capsys.readouterr().out


def test_who_leaves_instead_of_rating_has_played_all_the_same(tmp_path: Path):
    with session("play", "TelepathyGym", "--as", "agent", "--out", tmp_path) as terminal:
        terminal.line("[finish]")
        terminal.expect("1 to 5?")
        assert terminal.interrupted() == 130
    (row,) = games(tmp_path)
    assert (row["status"], row["score"]) == ("ok", 0.0) and '"rating": null' in row["state"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("FunctionGym", "--as", "user"), "FunctionGym has no user seat"),
        (("SearchGym", "--as", "user"), "SearchGym has no user seat"),
        (("TelepathiGym", "--as", "user"), "did you mean TelepathyGym?"),
        (("TelepathyGym", "--as", "user", "--task", "nothing"), "--task nothing is not in TelepathyGym's split heldout"),
        (("TelepathyGym", "--as", "agent", "--preset", "userl"), "userrl"),
        (("TelepathyGym", "--as", "agent", "--model", "/no/such"), "'/no/such' is not the folder of a model"),
        (("TelepathyGym", "--as", "agent", "policies.user={model: {tiny: user}}"), "policies.user is 'user'"),
    ],
)
def test_mistakes_are_one_sentence(arguments, says, monkeypatch, capsys, tmp_path: Path):
    assert parley("play", *arguments, "--out", str(tmp_path / "out"), monkeypatch=monkeypatch) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1, error
    assert not (tmp_path / "out").exists()


def test_a_model_folder_plays_the_other_side(tmp_path: Path):
    """A real engine in the command's own process, without Ray."""
    texts = ["user\nIs it big?\n", "assistant\nYes. No. Maybe.\n", "You think of this thing: small red glass lamp"] * 20
    model = make_tiny(tmp_path / "tiny", texts, seed=0)
    with session("play", "TelepathyGym", "--as", "agent", "--model", model, "--out", tmp_path / "out") as terminal:
        terminal.expect("side is user.")
        terminal.line("[action] Is it big?")
        terminal.expect("user: ")
        terminal.expect("> ")
        terminal.type(CTRL_D)
        assert terminal.ended() == 0
    (row,) = games(tmp_path / "out")
    assert (row["policy"], row["opponent"], len(row["turns"])) == ("human", "user", 1)
