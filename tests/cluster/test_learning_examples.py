"""The runs of `docs/learning.md` (`make learning`): they describe themselves, and play what they say within their limits."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

import envs
from cluster import cli
from cluster import config as configuration
from cluster.config import gym_params
from cluster.groups.tasks import TaskSource, heldout_tasks

ROOT = Path(__file__).parents[2]
LESSONS = re.search(r"^LESSONS := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
TOKENS_PER_WORD = 2.0
"""Of a tiny tokenizer, generously: most words are one token, numbers and punctuation their own."""


@pytest.fixture(params=LESSONS)
def example(request: pytest.FixtureRequest) -> Path:
    return ROOT / "examples" / f"{request.param}.yaml"


def test_it_describes_itself_and_starts_nothing(example, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["parley", "train", str(example), f"run.root={tmp_path}", "--dry-run"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code and list(tmp_path.iterdir()) == []
    resolved = yaml.safe_load(capsys.readouterr().out)
    assert resolved["run"]["name"] == example.stem and len(resolved["gyms"]["train"]) == 1


def test_no_task_it_is_measured_on_is_trained_on_or_imitated(example, tmp_path):
    config = configuration.load(example, [f"run.root={tmp_path}"])
    (gym,) = config.gyms.train
    measured = {task.id for task in heldout_tasks({gym: config.eval.tasks}, config.gyms.tasks)}
    source, steps = TaskSource(config.gyms.train, config.run.seed, config.gyms.tasks), config.run.iterations
    trained = {source.task(group).id for group in range(steps * config.rollout.groups_per_step)}
    drills = {"recaps": 100} if config.sft.agent.recaps else {}
    shown = envs.demonstrations(gym, "agent", 300, 0, params=gym_params(config, gym), **drills)
    assert len(measured) == config.eval.tasks and not measured & (trained | {each.task_id for each in shown})


def test_what_is_imitated_fits_the_context(example, tmp_path):
    config = configuration.load(example, [f"run.root={tmp_path}"])
    (gym,) = config.gyms.train
    shown = envs.demonstrations(gym, "agent", 100, 0, params=gym_params(config, gym), **config.sft.agent.demonstrator)
    longest = max(sum(len(re.findall(r"\w+|\S", message.content)) + 4 for message in each.messages) for each in shown)
    assert TOKENS_PER_WORD * longest <= config.rollout.max_context
