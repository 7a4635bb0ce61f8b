"""Files that appear whole or not at all: written aside, then renamed.

Invariant: a process that is killed leaves no half of a file, and a write that fails leaves nothing aside.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def replace_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` make a file aside, and put it in its place whole. Raises what `write` raises, and OSError."""
    aside = path.with_name(f".{path.name}.tmp")
    try:
        write(aside)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def replace_text(path: Path, text: str) -> None:
    """The same of a text, in UTF-8."""
    replace_file(path, lambda aside: aside.write_text(text, encoding="utf-8"))
