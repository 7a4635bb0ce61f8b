"""Answers to a kit's questions, JSONL: one rater, one item, one question a line.

Invariant: a line is whole and on disk before the next question is asked, so leaving loses nothing.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from cluster.agreement.labels import Word, records
from cluster.errors import UserError, suggestion
from cluster.terminal.safe_text import safe_line

Given = Literal["yes", "no", "skip"]


class Answer(BaseModel):
    """`skip`: the rater did not want to say; it is not asked again and counts for nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    item: Word
    domain: Word
    question: Word
    rater: Word
    answer: Given


def read(files: Sequence[Path], questions: Collection[str] | None = None) -> list[Answer]:
    """All answers; only to these questions, if they are given. Raises UserError, which names file and line, also for a question
    that a rater answered twice."""
    seen: dict[tuple[str, str, str], str] = {}
    domains: dict[str, str] = {}
    found: list[Answer] = []
    for place, answer in records(files, Answer):
        if questions is not None and answer.question not in questions:
            what = f"no kit has the question {safe_line(answer.question)}"
            raise UserError(f"{place}: {what}; {suggestion(answer.question, questions)}")
        key = (answer.item, answer.question, answer.rater)
        if key in seen:
            what = f"{answer.rater} has answered {answer.question} of {answer.item}"
            raise UserError(f"{place}: {safe_line(what)} at {seen[key]} already.")
        if domains.setdefault(answer.item, answer.domain) != answer.domain:
            what = f"{answer.item} is of {answer.domain} here, but of {domains[answer.item]} before"
            raise UserError(f"{place}: {safe_line(what)}.")
        seen[key] = place
        found.append(answer)
    return found


def append(file: Path, answer: Answer) -> None:
    """Add a line, after one that was left without an end, too. Raises UserError if it cannot be written."""
    try:
        with file.open("ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    stream.write(b"\n")
            stream.write(answer.model_dump_json().encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise UserError(f"{safe_line(file)} cannot be written: {error.strerror}.") from None
