"""A teacher on loopback that plays IntentionGym as its scripted expert would, and runs that ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from loopback import Answer, said

from cluster.config import Config, parse
from envs.base import Message, View
from envs.conversation import drive
from envs.intention.baselines import Oracle

STYLES = 6
"""Orders in which the expert asks."""


def expert(body: dict[str, Any], **usage: int) -> Answer:
    """The next turn of whichever expert has spoken so far; a new conversation's is chosen by its seed."""
    heard = [message["content"] for message in body["messages"] if message["role"] == "user"]
    spoken = [message["content"] for message in body["messages"] if message["role"] == "assistant"]
    for style in range(STYLES):
        speaker = Oracle((body["seed"] + style) % STYLES)
        turns = [drive(speaker.speak(View("agent", "", (Message("user", text),)))).text for text in heard]
        if turns[:-1] == spoken:
            return said(turns[-1], **usage)
    raise AssertionError(f"no expert says {spoken}")


def taught(url: str | None, root: Path, endpoint: dict[str, Any] | None = None, **teach: Any) -> Config:
    """A run whose teacher is at `url`; None: the script."""
    server = None if url is None else {"base_url": url, "model": "teacher", "max_concurrent": 4, **(endpoint or {})}
    settings = {"endpoint": server, "tasks": 5, "episodes": 3, "keep": 2, "retry": {"transport": 0, "deadline_s": 20}, **teach}
    return parse(
        {
            "run": {"root": str(root)},
            "policies": {"agent": {"model": {"tiny": "agent"}, "train": True}, "user": {"speaker": "scripted"}},
            "gyms": {"params": {"IntentionGym": {"prompt": "short"}}},
            "teach": settings,
        }
    )
