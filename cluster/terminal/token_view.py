"""What the learner saw of a conversation: token sequences span by span, the trained ones apart from their context.

A span is a stretch of tokens of one turn that one version of the weights sampled, or a stretch nobody sampled. Pieces are
decoded one by one, so that the limits of tokens show in a terminal; a character that is spread over several tokens is one
piece. Without a tokenizer the ids stand for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text
from tokenizers import Tokenizer

from cluster.config import yaml_text
from cluster.record.run_directory import RunDirectory
from cluster.terminal.safe_text import safe

TRAINED = ("black on green", "black on bright_green")
"""Taken in turns, so that the limits of tokens show."""
CONTEXT = "dim"
LABEL = 32
"""Columns beside the pieces."""
TORN = "\ufffd"
"""What half a character decodes to."""
LONGEST_CHARACTER = 4
"""Tokens that are joined at most, looking for the rest of a character: as many as it can have bytes."""


def find_tokenizer(directory: RunDirectory, policy: str) -> Tokenizer | None:
    """The tokenizer of a run's policy: of its newest checkpoint, else of the model folder its config names."""
    policies = yaml_text.read(directory.config).get("policies") or {}
    model = (policies.get(policy) or {}).get("model") or ""
    folders = sorted(directory.checkpoints.glob("*/learner_group/*/hf"), reverse=True)
    folders = [folder for folder in folders if folder.parent.name == policy]
    for folder in [*folders, *([Path(model)] if isinstance(model, str) and model else [])]:
        try:
            return Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception:  # the library raises nothing narrower; a checkpoint may also be removed while we look
            continue
    return None


def token_view(row: dict[str, Any], tokenizer: Tokenizer | None) -> Table:
    """One token sequence as a table: what each span is, and its pieces."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", width=LABEL)
    grid.add_column(overflow="fold")
    for start, end in spans(row["turn"], row["version"]):
        turn, logprobs = row["turn"][start], [value for value in row["logprobs"][start:end] if value is not None]
        label = f"context, {end - start} tokens" if turn < 0 else _label(turn, row["version"][start], end - start, logprobs)
        text = Text()
        for number, piece in enumerate(pieces(row["tokens"][start:end], tokenizer)):
            text.append(safe(piece).replace("\n", "↵\n"), TRAINED[number % len(TRAINED)] if turn >= 0 else CONTEXT)
        if text.plain.endswith("\n"):
            text.right_crop()  # the next span begins on a line of its own anyway
        grid.add_row(label, text)
    return grid


def spans(turn: Sequence[int], version: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(start, end) of the stretches of equal turn and version; outside of turns the version means nothing."""
    key = [(of, by) if of >= 0 else (-1, -1) for of, by in zip(turn, version, strict=True)]
    start = 0
    for _, members in groupby(key):
        end = start + sum(1 for _ in members)
        yield start, end
        start = end


def pieces(ids: Sequence[int], tokenizer: Tokenizer | None) -> Iterator[str]:
    """The text of each token, or of the few that make up one character; what has no text shows its id."""
    if tokenizer is None:
        yield from (f"{token} " for token in ids)
        return
    waiting: list[int] = []
    for token in ids:
        waiting.append(token)
        text = str(tokenizer.decode(waiting, skip_special_tokens=False))
        if TORN in text and len(waiting) < LONGEST_CHARACTER:
            continue
        yield text or f"<{token}>"
        waiting = []
    if waiting:
        yield str(tokenizer.decode(waiting, skip_special_tokens=False))


def _label(turn: int, version: int, tokens: int, logprobs: Sequence[float]) -> str:
    by = f", version {version}" if version >= 0 else ""
    sure = f", logprob {sum(logprobs) / len(logprobs):.3f} each" if logprobs else ""
    return f"turn {turn}{by}\n{tokens} tokens{sure}"
