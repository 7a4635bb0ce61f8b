"""What a user's mistakes and dry runs look like: one sentence, exit code 2, nothing started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import ray
import yaml

from cluster import cli

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.yaml"


def parley(*arguments: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of the command line, in this process."""
    monkeypatch.setattr("sys.argv", ["parley", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


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
        ("policies.agent.wire=hermes", ["policies.agent.wire", "hermes"]),
        ("policies.agent.model={tiny: ../../evil}", ["policies.agent.model", "evil"]),
        ("rollout.max_context=100000", ["rollout.max_context", "2048"]),
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


@pytest.mark.parametrize("verb", ["train", "submit", "sft", "eval", "tiny", "report", "compare", "export"])
def test_every_verb_shows_an_example(verb, monkeypatch, capsys):
    assert parley(verb, "--help", monkeypatch=monkeypatch) == 0
    assert f"parley {verb}" in capsys.readouterr().out
