"""A run that plays a task file: found, split, and refused where a script would have to understand free words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cluster import cli
from cluster.config import Config, parse, resolved, yaml_text
from cluster.errors import UserError
from cluster.groups.tasks import TaskSource, check, heldout_tasks
from envs import task_file
from envs.base import Task
from envs.userrl import items
from envs.userrl.dialects import DIALECTS

sys.path.insert(0, str(Path(__file__).parents[1] / "envs"))
from userrl_cases import ITEMS

ENDPOINT = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
MODEL_USER = {"mix": [{"speaker": "endpoint", "endpoint": ENDPOINT}]}
MODEL_JUDGE = {"default": {"backend": "endpoint", "endpoint": ENDPOINT}}
SCRIPTED = {"speaker": "scripted"}


def tasks(gym: str, split: Any) -> list[Task]:
    """The gym's items; a held-out one has another id."""
    listed = ITEMS[gym].items() if isinstance(ITEMS[gym], dict) else enumerate(ITEMS[gym])
    made = [items.parse(DIALECTS[gym], str(place), item, split) for place, item in listed]
    return [task.model_copy(update={"id": f"{task.id} {split}"}) for task in made if isinstance(task, Task)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    task_file.write(path, [task for gym in ITEMS for split in ("train", "heldout") for task in tasks(gym, split)])
    return path


def config(file: Path | str, gym: str, user: Any = None, judges: Any = None, **sections: Any) -> Config:
    raw = {
        "policies": {"agent": {"model": {"tiny": "agent"}, "train": True}, "user": user or MODEL_USER},
        "gyms": {"train": {gym: 1.0}, "tasks": {gym: {"file": str(file)}}},
        "judges": judges or MODEL_JUDGE,
        "eval": {"tasks": 1, "baselines": False},
    }
    return parse({**raw, **sections})


@pytest.mark.parametrize("gym", sorted(set(ITEMS) - {"SearchGym", "TauGym"}))
def test_models_may_play_everything(gym: str, file: Path):
    made = config(file, gym)
    assert parse(yaml_text.parse(resolved(made), "resolved")) == made
    check(made.gyms.train, made.gyms.tasks)
    trained = {TaskSource(made.gyms.train, 0, made.gyms.tasks).task(number).split for number in range(4)}
    assert trained == {"train"}
    assert [task.split for task in heldout_tasks({gym: 1}, made.gyms.tasks)] == ["heldout"]


def test_a_relative_file_is_found_and_made_absolute(file: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(file.parent)
    assert config("tasks.jsonl", "TelepathyGym").gyms.tasks == {"TelepathyGym": {"file": str(file)}}


@pytest.mark.parametrize(
    ("gym", "changes", "says"),
    [
        (
            "TurtleGym",
            {"judges": {"default": {"backend": "rules"}}},
            "judges.default.backend is rules: the tasks of .* for TurtleGym",
        ),
        ("TurtleGym", {"user": SCRIPTED}, "policies.user.speaker is scripted: .* give a model or an endpoint"),
        ("TelepathyGym", {"user": {"speaker": "adversarial:vague"}}, "policies.user.speaker is adversarial:vague: "),
        (
            "TravelGym",
            {"user": {"mix": [{"speaker": "constant"}, {"speaker": "scripted"}]}},
            r"policies.user.mix.1.speaker is scripted: ",
        ),
        ("PersuadeGym", {"eval": {"tasks": 1, "baselines": False, "user": "scripted"}}, "eval.user is scripted: "),
        ("IntentionGym", {"eval": {"tasks": 1}}, "eval.baselines is true: .* told in free words, .*; set it to false"),
        ("TelepathyGym", {"eval": {"tasks": 2, "baselines": False}}, "eval.tasks is 2: TelepathyGym has 1 held-out tasks"),
        ("SearchGym", {}, "gyms.tasks.SearchGym.file: Bamboogle-9 .* asks about the real world, .*: set it to 'web'"),
        ("TauGym", {}, "gyms.tasks.TauGym.file: .* the package tau_bench is not installed here"),
        ("IntentionGym", {"sft": {"agent": {"episodes": 5}}}, "gyms.tasks.IntentionGym.file is given: .* set sft.agent=null"),
    ],
)
def test_a_script_is_refused_before_anything_starts(gym: str, changes: dict[str, Any], says: str, file: Path):
    with pytest.raises(UserError, match=says) as caught:
        config(file, gym, **changes)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(("gym", "judge"), [("IntentionGym", "rules"), ("TelepathyGym", "rules"), ("FunctionGym", "rules")])
def test_rules_do_where_they_can(gym: str, judge: str, file: Path):
    user = MODEL_USER if gym == "TelepathyGym" else SCRIPTED
    config(file, gym, user, {"default": {"backend": judge}}, eval={"tasks": 1, "baselines": gym == "FunctionGym"})


def test_ours_in_a_file_are_played_by_script(tmp_path: Path):
    import envs

    own = [*envs.load("TurtleGym", "train")[:3], *envs.load("TurtleGym", "heldout")[:2]]
    task_file.write(tmp_path / "own.jsonl", own)
    config(tmp_path / "own.jsonl", "TurtleGym", SCRIPTED, {"default": {"backend": "rules"}}, eval={"tasks": 2})


def test_what_is_held_out_is_never_trained_on(tmp_path: Path):
    task_file.write(tmp_path / "test.jsonl", tasks("TelepathyGym", "heldout"))
    made = config(tmp_path / "test.jsonl", "TelepathyGym")
    with pytest.raises(UserError, match="nothing of it may be trained on"):
        check(made.gyms.train, made.gyms.tasks)


def test_a_file_that_is_not_there(file: Path):
    with pytest.raises(
        UserError, match=r"gyms.tasks.TurtleGym.file is '.*task.jsonl': there is no such file; did you mean tasks"
    ):
        config(file.with_name("task.jsonl"), "TurtleGym")
    with pytest.raises(UserError, match=r"gyms.tasks.TurtleGym: file stands for all tasks of TurtleGym: leave out source\."):
        config(
            file, "TurtleGym", gyms={"train": {"TurtleGym": 1.0}, "tasks": {"TurtleGym": {"file": str(file), "source": "all"}}}
        )


def test_a_run_elsewhere_looks_for_no_file():
    gyms = {"train": {"TurtleGym": 1.0}, "tasks": {"TurtleGym": {"file": "/elsewhere/tasks.jsonl"}}}
    policies = {"agent": {"model": {"tiny": "agent"}, "train": True}, "user": MODEL_USER}
    made = parse({"run": {"root": "/elsewhere/runs"}, "gyms": gyms, "policies": policies}, elsewhere=True)
    assert made.gyms.tasks["TurtleGym"]["file"] == "/elsewhere/tasks.jsonl"


def test_the_dry_run_says_it(file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    path = tmp_path / "run.yaml"
    path.write_text(
        f"gyms: {{train: {{TurtleGym: 1.0}}, tasks: {{TurtleGym: {{file: {file}}}}}}}\neval: {{tasks: 1, baselines: false}}"
    )
    monkeypatch.setattr("sys.argv", ["parley", "train", str(path), "--dry-run"])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    err = capsys.readouterr().err
    assert caught.value.code == 2 and err.startswith("parley: judges.default.backend is rules: ") and err.count("\n") == 1
