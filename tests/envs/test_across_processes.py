"""The same gym, task and seeds give the same conversation in every process, whatever its hash seed."""

from __future__ import annotations

import os
import subprocess
import sys

import envs
from envs import registry

PROGRAM = """
import hashlib, json, sys
import envs
from envs import registry
from envs.conversation import converse, drive

for name in envs.gyms():
    entry, said = registry.entry(name), hashlib.sha256()
    for split in ("train", "heldout"):
        for seed, task in enumerate(envs.load(name, split)[:5]):
            gym = envs.create(name, envs.scripted(name, entry.partner, seed), envs.RuleJudge())
            episode = drive(converse(gym, gym.reset(task, seed), entry.demonstrator(seed)))
            said.update(json.dumps([task.id, [[m.role, m.content] for m in episode.messages], episode.score]).encode())
    print(name, said.hexdigest())
"""


def conversations(hash_seed: int) -> str:
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_conversations_are_equal_across_processes():
    first = conversations(1)
    assert first == conversations(2)
    assert {line.split()[0] for line in first.splitlines()} >= {name for name in envs.gyms() if registry.entry(name).task}
