"""Imitation with the real learner: a driver that is killed, what it leaves, and that the result is what the log says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ray
import torch
import yaml
from safetensors.torch import load_file
from small_run import small
from transformers import AutoModelForCausalLM

from cluster.config import Config
from cluster.errors import UserError
from cluster.imitation.course import course
from cluster.imitation.work_folder import WorkFolder, read_log
from cluster.start.prepare import prepare_role
from learner.sequences import Sequences
from learner.tiny import make_tiny

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 150.0
SCRIPTED = {"mix": [{"speaker": "scripted"}]}
KILLER = """
import os, signal
from cluster.cli import main
from cluster.terminal.console import Console
Console.progress = lambda self, what, done, *_: done < 26 or os.kill(os.getpid(), signal.SIGKILL)
main()
"""
"""`parley`, killed at step 26: past a checkpoint and past a lower held-out loss."""
TEXTS = ["system user assistant [action] [answer] I need a recap. What matters to you? It does not matter."] * 50


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Sixty conversations, of scripts and of a file, for some fifty steps."""
    root = tmp_path_factory.mktemp("imitation")
    model = make_tiny(root / "tiny", TEXTS, 0)
    said = [{"role": "user", "content": "I need a recap."}, {"role": "assistant", "content": "[answer] none"}]
    (root / "talk.jsonl").write_text("\n".join(json.dumps({"id": n, "messages": said}) for n in range(20)))
    sources = [{"gym": "IntentionGym", "episodes": 40}, {"file": str(root / "talk.jsonl"), "weight": 0.1}]
    agent = {"sources": sources, "epochs": 2, "tokens_per_step": 400}
    agent |= {"heldout": {"share": 0.2, "every": 6}, "checkpoint_every": 10, "log_every": 13}
    return small(root, sft={"agent": agent}, policies={"agent": {"model": str(model), "train": True}, "user": SCRIPTED})


@pytest.fixture(scope="module")
def whole(ray_cluster: None, config: Config) -> Path:
    """The result of an imitation that nothing happens to."""
    return prepare_role(config, "agent", config.run.root / "whole", lambda *_: None, go_on=False)


def kill_one(config: Config, out: Path) -> None:
    """Another driver in the session's cluster, that is killed on the way."""
    (config.run.root / "run.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json")))
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    command = [sys.executable, "-c", KILLER, "sft", str(config.run.root / "run.yaml"), "--role", "agent", "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == -9, done.stderr


def test_killed_and_gone_on_with_it_gives_the_same_weights_bit_for_bit(config: Config, whole: Path):
    out = config.run.root / "torn"
    kill_one(config, out)
    work = WorkFolder(out)
    newest = work.checkpoint()
    assert not out.exists() and newest is not None and newest.name == "checkpoint-000020"
    assert work.rows()[-1]["step"] == 26
    with pytest.raises(UserError, match="checkpoint-000020 is of an imitation that was not finished: give --resume"):
        prepare_role(config, "agent", out, lambda *_: None, go_on=False)
    seen: list[int] = []
    assert prepare_role(config, "agent", out, lambda _, done, *__: seen.append(done), go_on=True) == out
    assert min(seen) > 20, "what the checkpoint has is not done again"
    ours, theirs = load_file(out / "model.safetensors"), load_file(whole / "model.safetensors")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    for mine, other in zip(read_log(out / "sft.jsonl"), read_log(whole / "sft.jsonl"), strict=True):
        assert mine | {"tokens_per_s": 0} == other | {"tokens_per_s": 0}
    assert not work.path.exists()


def test_the_result_has_the_held_out_loss_that_the_log_says(config: Config, whole: Path):
    first, *rows = read_log(whole / "sft.jsonl")
    losses = {row["step"]: row["heldout_loss"] for row in [first, *rows] if "heldout_loss" in row}
    best = min(losses, key=lambda step: losses[step])
    assert rows[-1]["best_step"] == best and losses[best] < losses[0] / 2
    assert config.sft is not None and config.sft.agent is not None
    start = config.run.root / "tiny"
    plan = course(config, "agent", config.sft.agent, start)
    assert plan.heldout is not None and first["heldout_conversations"] == plan.heldout.num_rows
    assert _plain_loss(whole, Sequences.of(plan.heldout)) == pytest.approx(losses[best], abs=1e-5)
    assert _plain_loss(start, Sequences.of(plan.heldout)) == pytest.approx(losses[0], abs=1e-5)


def _plain_loss(path: Path, rows: Sequences) -> float:
    """Weighted nll over the tokens with a weight, one row after the other, without a learner."""
    model, total, trained = AutoModelForCausalLM.from_pretrained(path), 0.0, 0
    for row in range(rows.rows):
        ids = torch.from_numpy(rows.tokens[rows.span(row)].astype(np.int64))
        weights = torch.from_numpy(rows.advantage[rows.span(row)].copy())[1:]
        with torch.no_grad():
            logprobs = model(ids[None], use_cache=False).logits[0, :-1].log_softmax(-1)
        total -= float((weights * logprobs.gather(-1, ids[1:, None])[:, 0]).sum())
        trained += int((weights != 0).sum())
    return total / trained
