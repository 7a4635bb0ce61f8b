"""What a user's mistakes and dry runs look like: one sentence, exit code 2, nothing started."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import ray
import yaml

from cluster import cli
from cluster.errors import RunFailed, UserError
from cluster.jobs.interruption import Interrupted

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICKSTART = EXAMPLES / "quickstart.yaml"
MIXTURE = EXAMPLES / "mixture.yaml"


def parley(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of the command line, in this process."""
    monkeypatch.setattr("sys.argv", ["parley", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


@pytest.mark.parametrize(("error", "code"), [(UserError, 2), (RunFailed, 1), (lambda _: Interrupted(signal.SIGINT), 130)])
def test_what_a_server_said_moves_no_cursor(error, code, monkeypatch, capsys):
    def failing() -> None:
        raise error("status 500: \x1b[2J\x1b]0;owned\x07 \u202egnp")

    monkeypatch.setattr(cli, "app", failing)
    assert parley(monkeypatch=monkeypatch) == code
    said = capsys.readouterr().err
    assert not set("\x1b\x07\u202e") & set(said) and said.startswith("parley: ")
    assert code == 130 or "\\x1b[2J" in said


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("rollout.group_size=-3", ["rollout.group_size", "-3"]),
        ("learner.lrr=1", ["learner.lrr", "did you mean learner.lr?"]),
        ("gyms.train={IntentionGim: 1.0}", ["IntentionGim", "IntentionGym"]),
        ("policies.agent.model=/no/such/model", ["policies.agent.model", "/no/such/model"]),
        ("rollout.workers=400", ["rollout.workers", "CPUs"]),
        ("learner.lr=fast", ["learner.lr", "fast"]),
        ("rewards.weights={evn: 1.0}", ["rewards.weights.evn", "did you mean env?"]),
        ("gyms.max_turns=1", ["gyms.params.IntentionGym", "max_turns is 1"]),
        ("gyms.tasks={IntentionGym: {source: nowhere}}", ["gyms.tasks.IntentionGym", "nowhere", "handwritten"]),
        ("eval.tasks=1000", ["eval.tasks", "1000", "400"]),
        ("sft.agent.demonstrator.vagu=0.2", ["sft.agent.demonstrator.vagu", "did you mean vague?"]),
        ("sft.user.recaps=3", ["sft.user.recaps"]),
        ("sft.agent.sources=[{gym: IntentionGym, file: x.jsonl}]", ["sft.agent.sources.0", "exactly one"]),
        ("policies.agent.wire=hermes", ["policies.agent.wire", "hermes"]),
        ("policies.agent.model={tiny: ../../evil}", ["policies.agent.model", "evil"]),
        ("rollout.max_context=100000", ["rollout.max_context", "4096"]),
        ("learner.betas=[2, 3]", ["learner.betas"]),
        ("learner.clip=[5, -1]", ["learner.clip"]),
        ("eval.tasks=0", ["eval.tasks", "0"]),
        ("gyms.params.IntentionGym.prompt=long", ["gyms.params.IntentionGym", "long"]),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(override, says, monkeypatch, capsys, tmp_path):
    was_running = ray.is_initialized()
    code = parley("train", QUICKSTART, f"run.root={tmp_path}", override, "--dry-run", monkeypatch=monkeypatch)
    error = capsys.readouterr().err
    assert code == 2
    assert error.startswith("parley: ")
    assert error.count("\n") == 1, error
    assert all(word in error for word in says), error
    assert list(tmp_path.iterdir()) == [], "nothing was written"
    assert ray.is_initialized() == was_running


def test_a_missing_file_names_its_nearest_neighbour(monkeypatch, capsys):
    assert parley("train", QUICKSTART.with_name("quikstart.yaml"), monkeypatch=monkeypatch) == 2
    assert "quickstart.yaml" in capsys.readouterr().err


def test_an_unknown_command_ends_with_2(monkeypatch, capsys):
    assert parley("trai", monkeypatch=monkeypatch) == 2


def test_a_run_that_was_finished_is_not_lost(monkeypatch, capsys, tmp_path):
    (tmp_path / "quickstart").mkdir()
    (tmp_path / "quickstart" / "summary.json").write_text("{}")
    assert parley("train", QUICKSTART, f"run.root={tmp_path}", monkeypatch=monkeypatch) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "quickstart" / "summary.json").read_text() == "{}"


def test_a_dry_run_prints_the_resolved_configuration_and_its_sizes(monkeypatch, capsys, tmp_path):
    assert parley("train", QUICKSTART, f"run.root={tmp_path}", "learner.lr=3e-4", "--dry-run", monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    resolved = yaml.safe_load(printed)
    assert resolved["learner"]["lr"] == 3e-4
    assert resolved["rollout"]["group_size"] == 8
    assert "episodes_per_step: 128" in printed
    assert list(tmp_path.iterdir()) == []


EIGHT_GPUS = EXAMPLES / "nodes" / "one_8gpu.yaml"


def test_the_papers_run_fits_eight_gpus_and_no_fewer(monkeypatch, capsys, tmp_path):
    config = EXAMPLES / "userrl_qwen3_4b.yaml"
    assert parley("train", config, "--dry-run", "--nodes", EIGHT_GPUS, monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    resolved = yaml.safe_load(printed)
    rollout, gyms, learner, rewards = (resolved[name] for name in ("rollout", "gyms", "learner", "rewards"))
    assert (rollout["groups_per_step"], rollout["group_size"], gyms["max_turns"]) == (128, 8, 16)
    assert gyms["train"] == {"TravelGym": 925, "TauGym": 500, "TurtleGym": 423, "PersuadeGym": 378, "FunctionGym": 200}
    assert set(gyms["transfer"]) == {"IntentionGym", "TelepathyGym", "SearchGym"}
    assert all(gyms["params"][gym]["preset"] == "userrl" for gym in (*gyms["train"], *gyms["transfer"]))
    assert (resolved["run"]["iterations"], learner["minibatches"]) == (15 * (sum(gyms["train"].values()) // 128), 8)
    assert [rollout[name] for name in ("max_context", "max_turn_tokens", "temperature")] == [1152 + 8192, 8192, 1.0]
    assert [learner[name] for name in ("betas", "weight_decay", "max_grad_norm")] == [[0.9, 0.999], 0.01, 1.0]
    assert (learner["lr"], learner["clip"], learner["dual_clip"], learner["kl"]["coef"]) == (1e-6, [0.2, 0.2], 3.0, 0.0)
    assert [rewards[name] for name in ("estimator", "turn", "trajectory", "gamma")] == ["userrl", "equalized", "mean", 0.8]
    assert "# fits what is described: 1 node: 96 CPUs and 8 GPUs" in printed
    few = tmp_path / "few.yaml"
    few.write_text("nodes: [{count: 2, cpus: 8, gpus: 3}]")
    assert parley("train", config, "--dry-run", "--nodes", few, monkeypatch=monkeypatch) == 2
    assert "8 GPUs" in capsys.readouterr().err
    few.write_text("nodes: [{cpus: 8, gpu: 3}]")
    assert parley("train", config, "--dry-run", "--nodes", few, monkeypatch=monkeypatch) == 2
    assert "nodes.0.gpu is not a known key: did you mean nodes.0.gpus" in capsys.readouterr().err


def test_the_papers_user_is_trained_by_its_rewards_on_eight_gpus(monkeypatch, capsys):
    config = EXAMPLES / "userlm_r1_qwen3_8b.yaml"
    assert parley("train", config, "--dry-run", "--nodes", EIGHT_GPUS, monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    resolved = yaml.safe_load(printed)
    assert resolved["policies"]["user"]["train"] and not resolved["policies"]["agent"]["train"]
    assert resolved["gyms"]["params"]["UserSimGym"] == {"preset": "paper", "state_mode": "full", "rubric": True}
    assert "# fits what is described: 1 node: 96 CPUs and 8 GPUs" in printed
    assert "per_step: 20480" in printed, "256 calls of 16 turns: the agent is asked once, the judge for four criteria"
    rules = ("judges.default.backend=rules", "judges.default.endpoint=null")
    assert parley("train", config, *rules, "--dry-run", "--nodes", EIGHT_GPUS, monkeypatch=monkeypatch) == 2
    assert "gyms.params.UserSimGym: rubric is true, but no rule can judge UserSimGym's rubric" in capsys.readouterr().err


def test_described_nodes_are_for_dry_runs(monkeypatch, capsys):
    assert parley("train", QUICKSTART, "--nodes", EIGHT_GPUS, monkeypatch=monkeypatch) == 2
    assert "--dry-run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["learner.dtype=bfloat16", "learner.zero_stage=0"], "learner.zero_stage is 0: .* set learner.zero_stage=1"),
        (["learner.offload=optimizer", "learner.zero_stage=0"], "learner.offload is 'optimizer'"),
        (["learner.offload=all"], "learner.offload is 'all': .*learner.zero_stage=3"),
    ],
)
def test_learner_settings_that_cannot_be_together(monkeypatch, capsys, tmp_path, overrides, says):
    assert parley("train", QUICKSTART, f"run.root={tmp_path}", *overrides, "--dry-run", monkeypatch=monkeypatch) == 2
    assert re.search(says, capsys.readouterr().err)


def test_a_dry_run_reads_the_files_to_imitate(monkeypatch, capsys, tmp_path):
    file = tmp_path / "talk.jsonl"
    file.write_text('{"messages": []}')
    source = f"sft.agent.sources=[{{file: {file}}}]"
    assert parley("train", QUICKSTART, f"run.root={tmp_path}", source, "--dry-run", monkeypatch=monkeypatch) == 2
    assert "talk.jsonl line 1: its messages" in capsys.readouterr().err


def test_a_wrong_file_to_imitate_is_found_before_an_old_run_is_removed(monkeypatch, capsys, tmp_path):
    def claim(*_: object, **__: object) -> None:
        raise AssertionError("the run was claimed")

    monkeypatch.setattr("cluster.train.claim", claim)
    file = tmp_path / "talk.jsonl"
    file.write_text('{"messages": []}')
    source = f"sft.agent.sources=[{{file: {file}}}]"
    assert parley("train", QUICKSTART, f"run.root={tmp_path}", source, "--overwrite", monkeypatch=monkeypatch) == 2
    assert "talk.jsonl line 1: its messages" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--out", "x"], "--out is given without --role"),
        (["sft.agent=null", "--role", "agent"], "sft.agent is null"),
        (["--role", "agent", "--out", "."], "that exists already"),
    ],
)
def test_sft_of_one_role_says_what_it_misses(options, says, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("cluster.jobs.runtime.cluster", lambda _: nullcontext())
    assert parley("sft", QUICKSTART, f"run.root={tmp_path}", *options, monkeypatch=monkeypatch) == 2
    assert says in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_mixture_and_its_transfer_variant_describe_themselves(monkeypatch, capsys, tmp_path):
    root = f"run.root={tmp_path}"
    assert parley("train", MIXTURE, root, "--dry-run", monkeypatch=monkeypatch) == 0
    assert yaml.safe_load(capsys.readouterr().out)["gyms"]["train"] == {"IntentionGym": 0.5, "TravelGym": 0.5}
    variant = ["gyms.train={TravelGym: 1.0}", "gyms.transfer={IntentionGym: {}}"]
    assert parley("train", MIXTURE, root, *variant, "--dry-run", monkeypatch=monkeypatch) == 0
    assert yaml.safe_load(capsys.readouterr().out)["gyms"]["transfer"] == {"IntentionGym": {"tasks": None}}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("gyms.transfer={TelepathyGim: {}}", ["gyms.transfer.TelepathyGim", "did you mean TelepathyGym?"]),
        ("gyms.transfer={TelepathyGym: {tasks: 500}}", ["gyms.transfer.TelepathyGym.tasks is 500", "135"]),
        ("gyms.params.TelepathyGym={guesses: -1}", ["gyms.params.TelepathyGym", "guesses is -1"]),
        ("eval.tasks=300", ["gyms.transfer.TelepathyGym.tasks is 300", "135"]),
        ("gyms.tasks={TelepathyGym: {source: files}}", ["gyms.tasks.TelepathyGym", "files", "handwritten"]),
        ("sft.agent.sources=[{gym: TelepathyGym}]", ["sft.agent.sources.0.gym is 'TelepathyGym'", "gyms.transfer"]),
        ("sft.agent.demonstrator.hsty=0.2", ["sft.agent.demonstrator.hsty", "did you mean hasty?"]),
    ],
)
def test_a_mistake_about_a_transfer_gym_is_one_sentence(override, says, monkeypatch, capsys, tmp_path):
    given = [
        *("gyms.train={IntentionGym: 1.0}", "gyms.transfer={TelepathyGym: {}}"),
        *("gyms.params.TelepathyGym={prompt: short}", "sft.agent.demonstrator={vague: 0.1}"),
        override,
    ]
    assert parley("train", MIXTURE, f"run.root={tmp_path}", *given, "--dry-run", monkeypatch=monkeypatch) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and all(word in error for word in says), error


def test_tiny_makes_the_models_a_run_names(monkeypatch, capsys, tmp_path):
    assert parley("tiny", QUICKSTART, f"run.root={tmp_path}", monkeypatch=monkeypatch) == 0
    paths = [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()]
    assert len(paths) == 2
    assert all((Path(path) / "model.safetensors").is_file() for path in paths)


def test_report_and_export_of_something_else_say_so(monkeypatch, capsys, tmp_path):
    assert parley("report", tmp_path, monkeypatch=monkeypatch) == 2
    assert "config.yaml" in capsys.readouterr().err
    (tmp_path / "config.yaml").write_text("run: {}")
    assert parley("export", tmp_path, tmp_path / "out", monkeypatch=monkeypatch) == 2
    assert "no checkpoint" in capsys.readouterr().err


def test_no_traceback_reaches_the_terminal():
    command = [sys.executable, "-m", "cluster", "train", str(QUICKSTART), "rollout.group_size=-3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["train", "submit", "sft", "eval", "tiny", "report", "compare", "curves", "export"])
def test_every_verb_shows_an_example(verb, monkeypatch, capsys):
    assert parley(verb, "--help", monkeypatch=monkeypatch) == 0
    assert f"parley {verb}" in capsys.readouterr().out
