"""A run that is small: real parts, few tasks, seconds of imitation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cluster.config import Config, parse

ITERATIONS = 2


def small(root: Path, name: str = "small", **sections: Any) -> Config:
    """The quickstart, small: few tasks, a minute of imitation left out."""
    return parse(
        {
            "run": {"root": str(root), "name": name, "iterations": ITERATIONS},
            "policies": {
                "agent": {"model": {"tiny": "agent"}, "train": True},
                "user": {"mix": [{"model": {"tiny": "user"}}]},
            },
            "gyms": {"params": {"IntentionGym": {"prompt": "short"}}},
            "sft": {"agent": {"episodes": 300, "recaps": 50, "epochs": 1}, "user": {"episodes": 300, "epochs": 1}},
            "rollout": {"group_size": 4, "groups_per_step": 4, "concurrency": 16, "max_turn_tokens": 24, "max_context": 384},
            "learner": {"lr": 1.0e-3, "minibatches": 2},
            "eval": {"tasks": 6},
            "checkpoint": {"every": 1, "keep": 1},
            **sections,
        }
    )


class Silent:
    """Where a person would watch."""

    def progress(self, *_: Any) -> None:
        return

    def say(self, *_: Any) -> None:
        return
