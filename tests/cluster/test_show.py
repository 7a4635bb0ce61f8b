"""Every filter narrows or says what there is; rewards stand at their turns; hostile text reaches no terminal."""

from __future__ import annotations

import io
import json
import shutil

import pytest
import synthetic_run
from rich.cells import cell_len
from rich.console import Console
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from cluster import cli
from cluster.record.run_directory import RunDirectory
from cluster.terminal.safe_text import safe, safe_line
from cluster.terminal.token_view import find_tokenizer, pieces, spans, token_view
from rewards.trajectory import Row, Turn, to_table, with_advantage

HOSTILE = "[bold red]x[/]\x1b[2J\x1b]0;owned\x07\x9b31m\x85\x7f\u202egnp.exe\u2066\u200b\U000e0041\r"
SPELLED = "[bold red]x[/]\\x1b[2J\\x1b]0;owned\\x07\\x9b31m\\x85\\x7f\\u202egnp.exe\\u2066\\u200b\\U000e0041\\x0d"


def row(group: int, member: int, score: float | None, **changes) -> Row:
    """Three context tokens, then two turns sampled by versions 7 and 8."""
    values = {
        "policy": "agent",
        "opponent": "user",
        "gym": "IntentionGym",
        "task_id": f"task-{group}",
        "split": "train",
        "group_id": group,
        "episode_id": f"{group}.{member}",
        "tokens": list(range(8)),
        "turn": [-1, -1, -1, 0, 0, -1, 1, 1],
        "logprobs": [None, None, None, -0.5, -1.5, None, -0.25, -0.75],
        "version": [-1, -1, -1, 7, 7, -1, 7, 8],
        "turns": [
            Turn(0, "stop", rewards={"env": (0.25, "rules@1"), "format": (-1.0, "rule")}),
            Turn(1, "length", rewards={"env": (score or 0.0, "judge@3")}),
        ],
        "score": score,
        "success": None if score is None else score > 0.9,
        "ended": "terminated",
        "messages": json.dumps(
            [
                {"role": "system", "content": "Ask."},
                {"role": "assistant", "content": "Hello, I am given."},
                {"role": "user", "content": f"request {group}.{member}"},
                {"role": "assistant", "content": "When?"},
                {"role": "tool", "content": "At noon."},
                {"role": "assistant", "content": "Where?"},
                {"role": "user", "content": "Done."},
            ]
        ),
    }
    return Row(**(values | changes))


def failed(group: int, member: int, status: str, error: str) -> Row:
    empty = {"policy": "", "tokens": [], "turn": [], "logprobs": [], "version": [], "turns": [], "messages": "[]", "ended": ""}
    return row(group, member, None, **empty, status=status, state=json.dumps({"error": error}))


ROWS = [
    row(10, 0, 0.5),
    row(10, 1, 1.0),
    failed(10, 2, "judge_deadline", f"JudgeError: {HOSTILE}"),
    row(11, 0, 0.1, opponent="constant"),
    row(11, 1, 0.5, opponent="constant"),
    failed(11, 2, "engine", "EngineDead: gone"),
]
EVERYTHING = ["10.0", "10.1", "10.2", "11.0", "11.1", "11.2"]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> RunDirectory:
    """Eight evaluations, two iterations of 8 episodes, and a third one of our own."""
    run = synthetic_run.make(tmp_path_factory.mktemp("made"), iterations=2)
    run.write_trajectories(to_table(ROWS), "train", 3)
    return run


@pytest.fixture
def run(made, tmp_path) -> RunDirectory:
    """A copy to change."""
    return RunDirectory.at(shutil.copytree(made.path, tmp_path / "quick"))


@pytest.fixture
def parley(monkeypatch, capsys, run):
    def call(*arguments: object, columns: int = 100) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["parley", "show", str(run.path), *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        out, err = capsys.readouterr()
        return int(caught.value.code or 0), out, err

    return call


@pytest.fixture
def ids(parley):
    """The ids of the episodes that a command shows."""

    def shown(*arguments: object) -> list[str]:
        code, out, error = parley(*arguments, "--json")
        assert (code, error) == (0, "")
        return [json.loads(line)["episode_id"] for line in out.splitlines()]

    return shown


def tokenizer(text: str) -> Tokenizer:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator([text], trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, special_tokens=["<|end|>"]))
    return made


def save(made: Tokenizer, folder) -> None:
    folder.mkdir(parents=True)
    made.save(str(folder / "tokenizer.json"))


# Which conversations


def test_the_default_is_three_of_the_newest_iteration(parley, ids):
    assert ids() == EVERYTHING[:3]
    assert "of train 3 " in parley()[1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--group", 11], ["11.0", "11.1", "11.2"]),
        (["--task", "task-10"], ["10.0", "10.1", "10.2"]),
        (["--gym", "IntentionGym"], EVERYTHING),
        (["--episode", "11.1"], ["11.1"]),
        (["--status", "ok"], ["10.0", "10.1", "11.0", "11.1"]),
        (["--status", "judge_deadline"], ["10.2"]),
        (["--opponent", "constant"], ["11.0", "11.1"]),
        (["--min-score", 0.5], ["10.0", "10.1", "11.1"]),
        (["--max-score", 0.5], ["10.0", "11.0", "11.1"]),
        (["--min-score", 0.2, "--max-score", 0.9, "--group", 11], ["11.1"]),
    ],
)
def test_every_filter_narrows(options, expected, ids):
    assert ids("--count", 99) == EVERYTHING
    assert ids("--count", 99, *options) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--count", 1], ["10.0"]),
        (["--worst", 2], ["11.0", "10.0"]),
        (["--best", 2], ["10.1", "10.0"]),
        (["--best", 6], ["10.1", "10.0", "11.1", "11.0", "10.2", "11.2"]),
        (["--worst", 6], ["11.0", "10.0", "11.1", "10.1", "10.2", "11.2"]),
        (["--worst", 1, "--group", 10], ["10.0"]),
    ],
)
def test_the_order_asked_for_and_those_without_a_score_last(options, expected, ids):
    assert ids(*options) == expected


def test_other_tables_of_the_run(parley, ids):
    assert len(ids("--iteration", 2, "--count", 99)) == 8
    assert len(ids("--phase", "heldout-after", "--count", 999)) == 200
    data = json.loads(parley("--phase", "baseline-oracle", "--count", 1, "--json")[1])
    assert (data["phase"], data["iteration"], data["score"]) == ("baseline-oracle", None, 1.0)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (
            ["--status", "judge_deadlin"],
            ["--status judge_deadlin", "6 episodes", "engine, judge_deadline, ok", "nearest is judge_d"],
        ),
        (["--opponent", "bob"], ["--opponent bob", "constant, user"]),
        (["--task", "nope"], ["--task nope", "task-10, task-11"]),
        (["--gym", "TurtleGym"], ["--gym TurtleGym", "IntentionGym"]),
        (["--group", 464], ["--group 464", "from 10 to 11", "train iteration 3", "of 1 to 3"]),
        (["--episode", "10.9"], ["--episode 10.9", "10.0, 10.1"]),
        (["--min-score", 2], ["--min-score 2.0", "from 0.1 to 1"]),
        (["--max-score", 0], ["--max-score 0.0", "from 0.1 to 1"]),
        (["--status", "engine", "--min-score", 0], ["--min-score 0.0", "1 episodes", "--status engine", "score is null"]),
        (
            ["--group", 10, "--opponent", "constant"],
            ["--opponent constant", "3 episodes", "--group 10", "opponent is user there"],
        ),
        (["--iteration", 9], ["--iteration 9", "1 to 3"]),
        (["--phase", "heldout-aftr"], ["--phase heldout-aftr", "did you mean heldout-after?"]),
        (["--phase", "heldout-after", "--iteration", 1], ["--iteration 1", "heldout-after", "leave it out"]),
        (["--worst", 1, "--best", 2], ["--worst 1", "--best 2", "exclude"]),
    ],
)
def test_a_filter_that_leaves_nothing_is_named_with_what_there_is(options, says, parley):
    code, out, error = parley(*options)
    assert (code, out, error.count("\n")) == (2, "", 1), error
    assert all(words in error for words in says), error


@pytest.mark.parametrize("option", ["--worst", "--best", "--count"])
def test_a_number_of_conversations_is_at_least_one(option, parley):
    assert parley(option, 0)[0] == 2


def test_a_torn_table_and_a_run_without_tables_are_one_sentence(run, parley):
    table = run.trajectories / "train-000003.parquet"
    table.write_bytes(table.read_bytes()[:-100])
    code, _, error = parley()
    assert code == 2 and "train iteration 3 cannot be read" in error and error.count("\n") == 1
    run.write_trajectories(to_table([]), "train", 3)
    assert "hold no episode" in parley()[2]
    run.write_trajectories(to_table(ROWS).drop_columns(["messages"]), "train", 3)
    code, _, error = parley()
    assert code == 2 and "messages" in error and error.count("\n") == 1
    for path in run.trajectories.iterdir():
        path.unlink()
    code, _, error = parley()
    assert code == 2 and "no trajectories yet" in error and error.count("\n") == 1


def test_something_else_is_not_a_run(run, parley):
    run.config.unlink()
    code, _, error = parley()
    assert code == 2 and "config.yaml" in error


# What of them


def test_header_messages_and_rewards_at_the_turns_that_earned_them(parley):
    lines = parley("--episode", "10.1")[1].splitlines()
    assert lines[0].startswith("episode 10.1 of train 3 ")
    assert lines[1].split("  ") == ["group 10", "task task-10", "gym IntentionGym", "opponent user", "split train"]
    assert lines[2].split("  ") == [
        *("score 1.000", "success", "terminated", "status ok", "policy agent", "versions 7, 8", "no advantages stored")
    ]
    assert [line.rstrip().split(maxsplit=1) for line in lines[3:]] == [
        ["system", "Ask."],
        ["assistant", "Hello, I am given."],
        ["user", "request 10.1"],
        ["assistant", "When?"],
        ["turn", "0  env +0.25 (rules@1)  format -1 (rule)  finish stop"],
        ["tool", "At noon."],
        ["assistant", "Where?"],
        ["turn", "1  env +1 (judge@3)  finish length"],
        ["user", "Done."],
    ]


def test_advantages_are_shown_by_turn(run, parley):
    advantages = [[0.0, 0.0, 0.0, 1.5, 1.5, 0.0, -0.25, -0.25], [0.0, 0.0, 0.0, float("nan"), 0.0, 0.0, 2.0, 2.0]]
    run.write_trajectories(with_advantage(to_table(ROWS[:2]), advantages), "train", 4)
    out = parley("--count", 1)[1]
    assert "finish stop  advantage +1.500" in out and "finish length  advantage -0.250" in out
    assert "no advantages" not in out
    data = [json.loads(line, parse_constant=pytest.fail) for line in parley("--json")[1].splitlines()]
    assert [[turn["advantage"] for turn in episode["turns"]] for episode in data] == [[1.5, -0.25], [None, 2.0]]


def test_a_failed_episode_says_why(parley):
    out = parley("--status", "engine")[1]
    assert "no score  success unknown  not ended  status engine" in out
    assert "EngineDead: gone" in out


def test_an_episode_of_several_sequences_and_policies_is_one(run, ids, parley):
    second = row(
        10, 0, 0.5, sequence=1, messages="[]", tokens=[1, 2], turn=[-1, 2], logprobs=[None, -1.0], version=[-1, 9],
        turns=[Turn(2, "stop", rewards={"env": (0.125, "late")})],
    )  # fmt: skip
    partner = row(10, 0, 0.5, policy="user", messages="[]", turns=[Turn(0, "stop"), Turn(1, "stop")], version=[5] * 8)
    first = row(10, 0, 0.5)
    said = [*json.loads(first.messages), {"role": "assistant", "content": "Why?"}]
    first.messages = json.dumps(said)
    run.write_trajectories(to_table([partner, first, second]), "train", 4)
    assert ids() == ["10.0"]
    assert [turn["turn"] for turn in json.loads(parley("--json")[1])["turns"]] == [0, 1, 2], "the acting policy's alone"
    lines = parley("--tokens")[1].splitlines()
    assert "versions 7, 8, 9" in "".join(lines), "not those of the partner's"
    why = next(number for number, line in enumerate(lines) if "Why?" in line)
    assert "turn 2  env +0.125 (late)" in lines[why + 1]
    assert sum(line.startswith("tokens of user") for line in lines) == 1
    assert sum(line.startswith("tokens of agent") for line in lines) == 2


def test_json_has_one_object_per_line_in_ascii(run, parley):
    run.write_trajectories(to_table([row(1, 0, 0.5, opponent=HOSTILE, messages=json.dumps([]))]), "train", 4)
    code, out, _ = parley("--json", "--tokens")
    assert code == 0 and out.count("\n") == 1
    assert set(out) <= {*map(chr, range(0x20, 0x7F)), "\n"}
    data = json.loads(out)
    assert data["opponent"] == HOSTILE, "exactly what is stored"
    assert data["sequences"][0]["tokens"] == list(range(8))
    assert data["sequences"][0]["logprobs"][3] == -0.5
    assert "sequences" not in json.loads(parley("--json")[1])


# Hostile text


def test_invisible_characters_are_spelled_out():
    assert safe(HOSTILE) == SPELLED
    assert safe("a\nb\tc \u05d0 \u0645\u06cc\u200c\u062e é 👩\u200d💻 \u0915\u094d\u200d") == (
        "a\nb\tc \u05d0 \u0645\u06cc\u200c\u062e é 👩\u200d💻 \u0915\u094d\u200d"
    ), "what people write stays"
    assert safe_line("a\nassistant  b\t") == "a\\nassistant  b\\t"
    assert safe("\ud800\u2028\u2029") == "\\ud800\\u2028\\u2029"


def test_hostile_text_reaches_no_terminal(run, parley, monkeypatch):
    evil = row(
        1, 0, 0.5, task_id=HOSTILE, opponent=HOSTILE + "\nassistant  forged", gym=HOSTILE,
        turns=[Turn(0, HOSTILE, rewards={HOSTILE: (1.0, HOSTILE)}), Turn(1, "stop")],
        messages=json.dumps([{"role": role, "content": f"{HOSTILE}\nassistant  forged"} for role in ("user", HOSTILE)]),
    )  # fmt: skip
    died = failed(1, 1, HOSTILE, f"JudgeError: {HOSTILE}\nassistant  forged")
    run.write_trajectories(to_table([evil, died]), "train", 4)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    code, out, _ = parley(columns=2000)
    assert code == 0
    assert "\x1b[" in out, "rich's own colours"
    assert not any(bad in out for bad in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\x85", "\x7f", "\u202e", "\u2066", "\r"))
    assert "[bold red]x[/]" in out, "markup is text"
    assert not any(line.startswith("assistant") for line in out.splitlines()), "nobody forges a line of the report"
    code, out, error = parley("--opponent", "nobody")
    assert code == 2 and error.count("\n") == 1 and error.rstrip("\n").isprintable()


@pytest.mark.parametrize("width", [100, 60, 40])
def test_lines_fit_the_terminal(width, run, parley):
    long = [{"role": "assistant", "content": "東京" * 100 + " " + "x" * 300}]
    run.write_trajectories(to_table([row(1, 0, 0.5, messages=json.dumps(long))]), "train", 4)
    out = parley("--tokens", columns=width)[1]
    assert max(map(cell_len, out.splitlines())) <= width
    assert out.count("東") == 100 and out.count("x") >= 300, "nothing is cut off"
    assert "\x1b" not in out


# Tokens


def test_spans_end_where_the_version_changes():
    assert list(spans([-1, -1, 0, 0, 0, -1, 1], [-1, 3, 7, 7, 8, -1, 8])) == [(0, 2), (2, 4), (4, 5), (5, 6), (6, 7)]
    assert list(spans([], [])) == []


def test_pieces_are_whole_characters_and_lose_nothing():
    made = tokenizer("ask ask when when")
    text = "ask when 👩\u200d💻 é 東<|end|>"
    parts = list(pieces(made.encode(text).ids, made))
    assert "".join(parts) == text
    assert "👩" in parts and "<|end|>" in parts and len(parts) > 5
    half = made.encode("👩").ids[:-1]
    assert "".join(pieces(half, made)) == "\ufffd"
    assert list(pieces([10**6], made)) == ["<1000000>"]
    assert list(pieces([3, 4], None)) == ["3 ", "4 "]


def test_trained_tokens_stand_out_and_know_their_version(run, parley):
    made = tokenizer("when when where")
    context, said = made.encode("ask\n").ids, made.encode("when\x1b[2J").ids
    cell = row(
        1, 0, 0.5, tokens=[*context, *said], turn=[-1] * len(context) + [0] * len(said),
        logprobs=[None] * len(context) + [-0.5] * len(said), version=[-1] * len(context) + [7] + [8] * (len(said) - 1),
    )  # fmt: skip
    run.write_trajectories(to_table([cell]), "train", 4)
    save(tokenizer("other"), run.checkpoints / "000001" / "learner_group" / "agent" / "hf")
    save(made, run.checkpoints / "000002" / "learner_group" / "agent" / "hf")
    out = parley("--tokens")[1]
    assert f"{len(cell.tokens)} tokens, {len(said)} trained" in out
    assert f"context, {len(context)} tokens" in out and "ask↵" in out
    assert "turn 0, version 7" in out and "turn 0, version 8" in out
    assert out.count("logprob -0.500 each") == 2
    assert "\\x1b[2J" in out
    assert "\x1b" not in out

    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard")
    console.print(token_view(to_table([cell]).to_pylist()[0], made))
    coloured = console.file.getvalue()
    assert "\x1b[30;42mwhen\x1b[0m" in coloured, "trained: on green"
    assert "\x1b[2mask" in coloured or "\x1b[2ma" in coloured, "context: dim"
    assert "\x1b[2J" not in coloured


def test_the_tokenizer_is_the_newest_checkpoints_else_the_configured_models(run, tmp_path, parley):
    assert find_tokenizer(run, "agent") is None
    out = parley("--tokens", "--episode", "10.0")[1]
    assert "No tokenizer" in out and "3 4" in out and "turn 1, version 8" in out
    save(tokenizer("model"), tmp_path / "model")
    run.write_config(f"run: {{name: quick}}\npolicies: {{agent: {{model: {tmp_path / 'model'}}}}}\n")
    of_model = find_tokenizer(run, "agent")
    assert of_model.get_vocab() == tokenizer("model").get_vocab()
    assert find_tokenizer(run, "user") is None
    for number, text in ((1, "first"), (2, "second")):
        save(tokenizer(text), run.checkpoints / f"00000{number}" / "learner_group" / "agent" / "hf")
    assert find_tokenizer(run, "agent").get_vocab() == tokenizer("second").get_vocab()
    assert find_tokenizer(run, "user") is None
    (run.checkpoints / "000002" / "learner_group" / "agent" / "hf" / "tokenizer.json").write_text("{")
    assert find_tokenizer(run, "agent").get_vocab() == tokenizer("first").get_vocab()
    run.write_config("policies: {agent: {model: {tiny: agent}}}\n")
    assert find_tokenizer(run, "agent") is not None


def test_help_shows_an_example(parley):
    assert "parley show" in parley("--help")[1]
