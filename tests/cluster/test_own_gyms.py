"""`gyms.modules`: a user's gyms are imported with the config, by every rollout worker and by every judge."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import envs
from actors.acting import PolicySpec
from actors.config import EngineConfig, RolloutConfig
from actors.judge_actor import JudgeActor
from actors.rollout import Cast, GroupRequest, run_group, scripted
from actors.worker import RolloutWorker, WorkerSpec
from cluster.config import Config, load, parse, resolved, trained_gyms, yaml_text
from cluster.errors import UserError
from cluster.groups.tasks import TaskSource
from cluster.start import models, parts
from cluster.start.parts import Models, Parts
from envs import registry, verdicts
from envs.modules import NoSuchModule
from rewards.config import JudgeConfig

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own_gym.md").read_text()
KIND = """
from typing import Literal
from envs.base import Verdict, VerdictRequest
from envs.verdicts import Kind, register

class Asked(VerdictRequest):
    kind: Literal["own.nice"] = "own.nice"
    text: str

class Said(Verdict):
    kind: Literal["own.nice"] = "own.nice"
    nice: bool

def rule(request):
    return Said(nice="please" in request.text)

register(Kind("own.nice", Asked, Said, rule, lambda request, verdict: None, lambda request: (), lambda request: {}))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the run is started from; what is imported from there, or registered, is forgotten afterwards."""
    known = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    monkeypatch.setattr(verdicts, "_KINDS", dict(verdicts._KINDS))
    (tmp_path / "my_gym").mkdir()
    for file in (ROOT / "envs" / "template").glob("*.py"):
        (tmp_path / "my_gym" / file.name).write_text(file.read_text())
    (tmp_path / "own_kind.py").write_text(KIND)
    (tmp_path / "broken_gym.py").write_text("raise RuntimeError('not today')\n")
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.partition(".")[0] in ("my_gym", "own_kind", "broken_gym"):
            del sys.modules[name]


def page_config() -> Config:
    """The YAML of the guide."""
    (block,) = [part.split("```")[0] for part in PAGE.split("```yaml\n")[1:]]
    return parse(yaml_text.parse(block, "docs/own_gym.md"))


def test_the_config_of_the_guide_trains_on_it():
    config = page_config()
    assert [TaskSource(config.gyms.train, 0).task(number).gym for number in range(3)] == ["KeysGym"] * 3
    assert parse(yaml_text.parse(resolved(config), "resolved")) == config
    assert {"user", "assistant"} <= {text.split("\n")[0] for text in models.training_texts(config)}


def test_a_group_of_it_is_played():
    config = page_config()
    cast = Cast(scripted("agent"), {"scripted": (1.0, scripted("user"))}, envs.RuleJudge(), {"KeysGym": {"turn_cost": 0.5}})
    (task, *_) = envs.load("KeysGym", "heldout", **config.gyms.tasks)
    rows = asyncio.run(run_group(GroupRequest(task, 0, 0, (1, 2)), cast, asyncio.Semaphore(2))).to_pylist()
    assert [(row["gym"], row["status"], row["score"]) for row in rows] == [("KeysGym", "ok", 1.0)] * 2


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("my_gim", "gyms.modules.1 is 'my_gim': importing my_gim failed: ModuleNotFoundError: No module named 'my_gim'."),
        ("broken_gym", "gyms.modules.1 is 'broken_gym': importing broken_gym failed: RuntimeError: not today."),
    ],
)
def test_a_module_that_cannot_be_imported_is_named(name: str, says: str):
    with pytest.raises(UserError) as caught:
        parse({"gyms": {"modules": ["my_gym", name], "train": {"KeysGym": 1.0}}})
    assert str(caught.value) == says


def test_an_own_gym_is_misspelt_and_parametrised_like_any():
    gyms: dict[str, Any] = {"modules": ["my_gym"], "train": {"KeyGym": 1.0}}
    with pytest.raises(UserError, match=r"gyms\.train\.KeyGym is not a gym: did you mean KeysGym\?"):
        parse({"gyms": gyms})
    gyms = {"modules": ["my_gym"], "train": {"KeysGym": 1.0}, "params": {"KeysGym": {"turn_costs": 0.1}}}
    with pytest.raises(UserError, match=r"did you mean turn_cost\?"):
        parse({"gyms": gyms, "eval": {"tasks": 2}})


def test_a_judge_imports_it_first():
    judge = JudgeActor(JudgeConfig(), own=("own_kind",))
    assert "own.nice" in verdicts.kinds()
    asked = sys.modules["own_kind"].Asked(text="please")
    source, (answer,) = asyncio.run(judge.verdicts([asked]))
    assert (source, answer["nice"]) == ("rules@1", True)
    with pytest.raises(NoSuchModule):
        JudgeActor(JudgeConfig(), own=("nowhere",))


def test_a_worker_imports_it_first(tmp_path: Path):
    agent = PolicySpec("agent", str(tmp_path / "no model"))
    spec = WorkerSpec(agent, {}, {}, 16, RolloutConfig(), EngineConfig(), JudgeConfig(), [], modules=("nowhere",))
    with pytest.raises(NoSuchModule, match="nowhere"):
        RolloutWorker(spec)


def test_every_part_of_a_run_is_told_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    told: list[Any] = []

    class Pool:
        name, names, handles = "pool", list[str](), list[Any]()

        def close(self) -> None:
            pass

    monkeypatch.setattr(parts, "start_judges", lambda *_, **given: told.append(given["own"]) or Pool())
    monkeypatch.setattr(parts, "start_workers", lambda spec, **_: told.append(spec.modules) or Pool())
    Parts(page_config(), Models(acting=tmp_path, frozen={}))
    assert told == [["my_gym"], ["my_gym"]]


def test_where_gyms_are_found_changes_no_model():
    """A tiny model's seed comes from this text: another one would change the quickstart's numbers."""
    config = load(ROOT / "examples" / "quickstart.yaml")
    expected = (
        '{"train":{"IntentionGym":1.0},"transfer":{},"max_turns":16,"tasks":{},"params":{"IntentionGym":{"prompt":"short"}}}'
    )
    assert trained_gyms(config).model_dump_json(exclude=models.NOT_LEARNED) == expected
