"""Task files: what is written is read back, equal, for every gym; what is wrong is named with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import envs
from envs import registry, task_file
from envs.base import Task

GYMS = [name for name in envs.gyms() if registry.entry(name).task]


def some(name: str) -> list[Task]:
    return [*envs.load(name, "train")[:3], *envs.load(name, "heldout")[:2]]


@pytest.mark.parametrize("name", GYMS)
def test_tasks_come_back_equal_and_by_split(name: str, tmp_path: Path):
    path, written = tmp_path / "tasks.jsonl", some(name)
    task_file.write(path, [*written, *some(GYMS[0])] if name != GYMS[0] else written)
    assert task_file.read(path, name) == written
    assert envs.load(name, "train", file=path) == written[:3]
    assert envs.load(name, "heldout", file=str(path)) == written[3:]
    assert {type(task) for task in task_file.read(path, name)} == {registry.entry(name).task}


def test_every_gym_of_ours_can_be_read_from_a_file():
    assert set(envs.gyms()) - set(GYMS) <= {"KeysGym", "Recital"}, "gyms that other tests register"


def lines(path: Path) -> list[str]:
    task_file.write(path, some("TelepathyGym"))
    return path.read_text().split("\n")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text[1:], "is no task file"),
        (lambda text: [], "is no task file"),
        (
            lambda text: [text[0].replace('"version": 1', '"version": 2'), *text[1:]],
            "has version 2 of the format; this Parley reads 1",
        ),
        (lambda text: text[:-2], "is torn: it has 4 of 5 tasks"),
        (lambda text: [text[0], text[1], "[1]", *text[3:]], "line 3: it is no JSON object"),
        (lambda text: [text[0], text[1], text[1], *text[3:]], "line 3: the task"),
        (lambda text: [text[0], text[1].replace("TelepathyGym", "TelepatyGym"), *text[2:]], "did you mean 'TelepathyGym'?"),
        (
            lambda text: [text[0], text[1].replace('"opening"', '"opened"'), *text[2:]],
            "line 2: visible.opening: Field required",
        ),
        (lambda text: [text[0], text[1].replace('"train"', '"test"'), *text[2:]], "line 2: split: Input should be 'train' or"),
    ],
)
def test_a_wrong_file_is_refused_as_a_whole(change, says, tmp_path: Path):
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(change(lines(path))))
    with pytest.raises(ValueError, match=r"tasks\.jsonl") as caught:
        task_file.read(path)
    assert says in str(caught.value)


def test_what_cannot_be_asked_of_a_file(tmp_path: Path):
    path = tmp_path / "tasks.jsonl"
    task_file.write(path, some("TelepathyGym"))
    with pytest.raises(ValueError, match="leave out source"):
        envs.load("TelepathyGym", "train", file=path, source="all")
    with pytest.raises(ValueError, match="has no task of IntentionGym"):
        envs.load("IntentionGym", "train", file=path)
    with pytest.raises(ValueError, match=r"nowhere\.jsonl cannot be read as text: No such file"):
        envs.load("IntentionGym", "train", file=tmp_path / "nowhere.jsonl")
    with pytest.raises(ValueError, match=r"has the task .* twice"):
        task_file.write(path, some("TelepathyGym")[:1] * 2)
    assert len(json.loads(path.read_text().split("\n")[1])) > 3, "what stood there stays"
