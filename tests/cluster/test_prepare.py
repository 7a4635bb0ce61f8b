"""Which imitations run side by side, what a failure among them does, and what their results are named by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_run import small

from actors.config import TinyModel
from cluster.errors import RunFailed
from cluster.start import prepare as module
from cluster.start.models import model_path
from cluster.start.prepare import prepare

SFT = {"episodes": 10, "epochs": 1}


@pytest.mark.parametrize("learner", [{"ranks": 2}, {"resources": {"place": 1.0}}])
def test_one_after_the_other_none_begins_once_one_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learner: Any):
    begun: list[str] = []

    def imitate(_: Any, role: str, *__: Any) -> None:
        begun.append(role)
        raise RunFailed(role)

    monkeypatch.setattr(module, "imitate", imitate)
    monkeypatch.setattr(module, "model_path", lambda model, _: tmp_path / model.tiny)
    sft = SFT | {"ranks": learner.get("ranks", 1)}
    config = small(tmp_path, sft={"agent": sft, "user": sft}, learner={"minibatches": 2, **learner})
    with pytest.raises(RunFailed, match="agent"):
        prepare(config, lambda *_: None)
    assert begun == ["agent"]


def test_an_imitation_on_another_wire_is_another(tmp_path: Path):
    (tmp_path / "talk.jsonl").write_text("")
    sft = {"agent": {"sources": [{"file": str(tmp_path / "talk.jsonl")}]}}
    made = []
    for wire in ("bracket", "hermes"):
        agent = {"model": {"tiny": "agent"}, "train": True, "wire": wire}
        config = small(tmp_path, sft=sft, policies={"agent": agent, "user": {"mix": [{"speaker": "scripted"}]}})
        assert config.sft is not None and config.sft.agent is not None
        made.append(module._made_of(config, "agent", config.sft.agent, tmp_path))
    assert made[0] != made[1]


def test_a_gym_in_other_words_has_other_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    config = small(tmp_path, sft={"agent": SFT, "user": SFT})
    model = config.policies["agent"].model
    assert isinstance(model, TinyModel)

    def names() -> tuple[Path, Any]:
        assert config.sft is not None and config.sft.user is not None
        return model_path(model, config), module._made_of(config, "user", config.sft.user, tmp_path)

    before = names()
    assert names() == before
    monkeypatch.setattr("envs.intention.user.TERSE", "Of {slot}, {value}.")
    after = names()
    assert before[0] != after[0] and before[1] != after[1]
