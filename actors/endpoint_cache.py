"""Recorded answers of an endpoint, in a JSONL file that many processes may append to.

One line per answer: `key` (a hash of the complete request body), `text`, `finish`, `prompt_tokens`, `completion_tokens`.

Invariants
- A line is written under a lock and at the end; a line that a crash cut off spoils no other and is skipped when read.
- Of several answers to one request the last one counts: the one that was taken, where earlier ones were asked for again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from actors.endpoint_reply import Reply


def request_key(body: Mapping[str, Any]) -> str:
    """32 hex digits that depend on every part of a request body, whatever the order of its keys."""
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()


def create(path: Path) -> None:
    """Make sure that answers can be appended. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.open("ab").close()


def append(path: Path, key: str, reply: Reply) -> None:
    """Add one answer."""
    line = json.dumps({"key": key, **asdict(reply)}, ensure_ascii=False).encode() + b"\n"
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed, and so flushed
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a process died while it wrote
                line = b"\n" + line
        file.write(line)


def read(path: Path) -> dict[str, Reply]:
    """All answers by key. Raises OSError, and ValueError for a file of something else."""
    replies: dict[str, Reply] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                recorded = json.loads(line)
            except ValueError:  # cut off; who needs it will miss it, and say so
                continue
            try:
                key = recorded.pop("key")
                replies[key] = Reply(**recorded)
            except (AttributeError, KeyError, TypeError):
                raise ValueError(f"line {number} of {path} is not a recorded answer") from None
    return replies
