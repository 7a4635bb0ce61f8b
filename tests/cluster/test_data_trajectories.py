"""A run's conversations are written so that imitation reads them back as they were said; what failed becomes no record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import synthetic_run
from test_show import HOSTILE, failed, row

from cluster import cli
from cluster.config.sft import SourceConfig
from cluster.errors import UserError
from cluster.imitation import conversation_file
from cluster.record.run_directory import RunDirectory
from rewards.trajectory import to_table

ARGUMENTS = {"choice": "action", "content": "a"}
CALL = f"<think>x</think>\n<tool_call>\n{json.dumps({'name': 'interact_with_env', 'arguments': ARGUMENTS})}\n</tool_call>"
SAID = [
    ("system", "Ask."),
    ("user", f"A trip. {HOSTILE}"),
    ("assistant", CALL),
    ("tool", "To Rome."),
    ("assistant", "[finish]"),
]
MUTE = [("system", "Ask."), ("user", "A trip.")]


def messages(said: list[tuple[str, str]]) -> str:
    return json.dumps([{"role": role, "content": content} for role, content in said])


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunDirectory:
    made = synthetic_run.make(tmp_path_factory.mktemp("run"), iterations=2)
    rows = [
        row(10, 0, 0.5, messages=messages(SAID)),
        row(10, 1, 1.0, messages=messages(SAID[1:])),
        row(10, 2, 0.0, messages=messages(MUTE)),
        failed(11, 0, "judge_deadline", "JudgeError: late"),
    ]
    made.write_trajectories(to_table(rows), "train", 3)
    return made


@pytest.fixture
def parley(monkeypatch, capsys, run, tmp_path):
    def call(*arguments: object, out: str = "out.jsonl") -> tuple[int, list[dict], dict, str]:
        path = tmp_path / out
        monkeypatch.setattr(
            "sys.argv", ["parley", "data", "trajectories", str(run.path), "--out", str(path), *map(str, arguments)]
        )
        with pytest.raises(SystemExit) as caught:
            cli.main()
        told, err = capsys.readouterr()
        lines = path.read_text("ascii").splitlines() if path.exists() else []
        return int(caught.value.code or 0), [json.loads(line) for line in lines], json.loads(told or "{}"), err

    return call


def read_back(path: Path) -> list[list[tuple[str, str]]]:
    lessons = conversation_file.read(SourceConfig(file=path))
    return [[(message.role, message.content) for message in lesson.messages] for lesson in lessons]


@pytest.mark.parametrize("form", ["sharegpt", "openai"])
def test_what_was_said_is_read_back_by_imitation(form, parley, tmp_path):
    code, records, told, _ = parley("--format", form, "--iteration", 3)
    assert code == 0 and told == {"written": 2, "failed": 1, "silent": 1, "out": str(tmp_path / "out.jsonl")}
    assert read_back(tmp_path / "out.jsonl") == [SAID, SAID[1:]]
    assert [lesson.task_id for lesson in conversation_file.read(SourceConfig(file=tmp_path / "out.jsonl"))] == [
        "out.jsonl:task-10"
    ] * 2
    assert [record["score"] for record in records] == [0.5, 1.0]
    assert [record["id"] for record in records] == ["train-3/IntentionGym/10.0", "train-3/IntentionGym/10.1"]


def test_what_is_held_out_is_not_imitated(parley, tmp_path):
    assert parley("--phase", "heldout-after", "--count", 1)[0] == 0
    with pytest.raises(UserError, match=r"out\.jsonl line 1: its split is heldout: what is held out is not imitated\."):
        read_back(tmp_path / "out.jsonl")


def test_sharegpt_as_llama_factory_has_it(parley):
    record = parley("--format", "sharegpt", "--iteration", 3)[1][0]
    assert [message["from"] for message in record["conversations"]] == ["human", "gpt", "observation", "gpt"]
    assert record["system"] == "Ask."
    (tool,) = json.loads(record["tools"])
    assert tool["function"]["parameters"]["properties"]["choice"]["enum"] == ["action", "answer", "finish"]
    plain = parley("--format", "sharegpt", "--phase", "heldout-after", "--count", 1)[1][0]
    assert (plain["tools"], plain["system"]) == ("", "")


def test_openai_messages_as_they_were(parley):
    record = parley("--iteration", 3)[1][1]
    assert record["messages"] == [{"role": role, "content": content} for role, content in SAID[1:]]


def test_every_iteration_is_written_and_filters_narrow(parley, run):
    assert run.iterations() == [1, 2, 3]
    _, records, told, err = parley()
    assert told["written"] == 8 + 8 + 2 == len(records)
    assert "iterations 3/3" in err
    _, records, told, _ = parley("--task", "task-10")
    assert [record["task_id"] for record in records] == ["task-10"] * 2
    assert (told["written"], told["failed"], told["silent"]) == (2, 0, 1)
    records = parley("--phase", "heldout-after", "--best", 3)[1]
    assert len(records) == 3 and {record["split"] for record in records} == {"heldout"}
    records = parley("--min-score", 0.5)[1]
    assert records and all(record["score"] >= 0.5 for record in records)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--task", "task-99"), "--task task-99 leaves none of the 4 episodes of train iteration 3"),
        (("--worst", 2), "a number of episodes is chosen within one iteration: add --iteration, one of 1 to 3."),
        (("--worst", 2, "--best", 1, "--iteration", 3), "--worst 2 and --best 1 exclude each other"),
        (("--iteration", 9), "--iteration 9 is not an iteration of train: choose from 1 to 3."),
        (("--phase", "heldout"), "has no trajectories of --phase heldout"),
        (("--group", 11), "nothing to write: 1 episodes failed, in 0 the acting role says nothing."),
    ],
)
def test_a_mistake_is_one_sentence_and_no_file(arguments, says, parley, tmp_path):
    arguments = (*arguments, "--iteration", 3) if arguments[0] == "--group" else arguments
    code, records, _, err = parley(*arguments)
    assert code == 2 and records == [] and list(tmp_path.iterdir()) == []
    assert says in err.splitlines()[-1]


def test_a_file_that_cannot_be_made(parley):
    assert "there is no folder" in parley(out="no/out.jsonl")[3]
    assert "must end in .jsonl" in parley(out="out.json")[3]


def test_a_system_beside_that_is_no_text(tmp_path):
    path = tmp_path / "talk.jsonl"
    path.write_text(
        json.dumps({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}], "system": 3})
    )
    with pytest.raises(UserError, match="line 1: its system is a int, not a text"):
        conversation_file.read(SourceConfig(file=path))
