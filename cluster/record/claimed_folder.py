"""A folder in which one process at a time makes one thing, and goes on with it later.

    identity.json    what the thing depends on, by dotted key
    .lock

Invariants
- The lock is the kernel's: it goes with the process, however that ends.
- A folder that holds anything else is left alone; what was begun is only gone on with where every key is the same.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster.errors import UserError
from cluster.record.whole_file import replace_text

IDENTITY, LOCK = "identity.json", ".lock"


@contextmanager
def claimed(folder: Path, identity: Mapping[str, Any], *, what: str, resume: bool, grows: str | None = None) -> Iterator[None]:
    """Have the folder of --out for oneself. `what` is made there; keys that begin with `grows` need not be there both times.

    Raises UserError if another process has it, if it holds something else, or if it holds `what` and that is not to be resumed
    or is another one.
    """
    if folder.is_file():
        raise UserError(f"--out is {str(folder)!r}: that is a file; give a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"--out is {str(folder)!r}: another process is at work there.") from None
        _begin(folder, json.loads(json.dumps(identity)), what, resume, grows)
        yield


def _begin(folder: Path, asked: dict[str, Any], what: str, resume: bool, grows: str | None) -> None:
    path = folder / IDENTITY
    began = {}
    if path.exists():
        if not resume:
            raise UserError(f"--out is {str(folder)!r}: it holds {what}; give another folder, or --resume.")
        began = json.loads(path.read_text(encoding="utf-8"))
        _same(began, asked, f"what {folder} holds", grows)
    elif any(found.name != LOCK for found in folder.iterdir()):
        raise UserError(f"--out is {str(folder)!r}: that folder holds something else; give a new one.")
    if not began.keys() >= asked.keys():
        replace_text(path, json.dumps(began | asked, indent=2) + "\n")


def _same(began: Mapping[str, Any], asked: Mapping[str, Any], where: str, grows: str | None) -> None:
    for key in sorted(began.keys() | asked.keys()):
        if grows is not None and key.startswith(grows) and (key not in began or key not in asked):
            continue
        if began.get(key) != asked.get(key):
            raise UserError(f"{key} is {asked.get(key)!r}, but {where} began with {began.get(key)!r}: give another --out.")
