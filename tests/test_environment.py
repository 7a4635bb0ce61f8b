"""The environment that make builds holds together, and the rooms keep to the imports the design allows."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("envs", "rewards", "learner", "actors", "cluster")
ALLOWED = {
    "envs": set(),
    "rewards": {"envs"},
    "learner": {"rewards"},
    "actors": {"envs", "rewards"},
    "cluster": {"envs", "rewards", "learner", "actors"},
}
NO_RAY = ("envs", "rewards")
LONGEST_FILE = 500


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("transformers", "Qwen3ForCausalLM"),
        ("ray.job_submission", "JobSubmissionClient"),
        ("ray.rllib.algorithms.algorithm", "Algorithm"),
        ("vllm", "EngineArgs"),
        ("deepspeed", "initialize"),
        ("wandb", "init"),
    ],
)
def test_what_the_project_stands_on_can_be_imported(module: str, name: str):
    assert hasattr(importlib.import_module(module), name)


def imports(path: Path) -> set[str]:
    """Top-level names of all modules a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_the_design_allows(room: str):
    for path in sorted((ROOT / room).rglob("*.py")):
        named = imports(path)
        assert named & set(ROOMS) <= ALLOWED[room] | {room}, path
        assert room not in NO_RAY or not named & {"ray", "torch", "transformers", "vllm", "deepspeed"}, path


def test_rllib_is_an_adapter():
    """RLlib's own classes are known to the algorithm and its learner shell, nowhere else."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    users = {path.name for path in files if "from ray.rllib" in path.read_text() or "import ray.rllib" in path.read_text()}
    assert users == {"algorithm.py", "grpo_config.py", "learner_group.py"}


def test_every_module_says_what_it_is_for():
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text()
            assert ast.get_docstring(ast.parse(text)), path
            assert len(text.splitlines()) <= LONGEST_FILE, path
