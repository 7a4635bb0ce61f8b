"""Results of evaluations made up from numbers, and small evaluations that need no engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cluster.config import Config, parse
from cluster.evaluation.results import Result
from rewards.trajectory import OK


def result(task: str = "t0", *rewards: float, **about: Any) -> Result:
    """An episode; its score is its return unless it is given."""
    defaults: dict[str, Any] = {
        **{"agent": "a", "user": "training", "how": "sampled", "tasks": "held-in", "gym": "IntentionGym", "status": OK},
        **{"score": sum(rewards), "success": False, "tokens": None},
    }
    return Result(task=task, turn_rewards=tuple(rewards), **{**defaults, **about})


def scripted(root: Path, **sections: Any) -> Config:
    """Scripts against scripts: nothing of it needs Ray."""
    return parse(
        {
            "run": {"root": str(root), "name": "scripts"},
            "policies": {"agent": {"model": {"tiny": "agent"}, "train": True}, "user": {"speaker": "scripted"}},
            "gyms": {"train": {"IntentionGym": 1}, "transfer": {"TelepathyGym": {"tasks": 3}}},
            "eval": {"tasks": 4, "repeats": 2},
            **sections,
        }
    )
