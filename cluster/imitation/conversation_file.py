"""Conversations in a file: JSON lines or Parquet, one per record, in one of two forms.

    {"messages": [{"role": "system" | "developer" | "user" | "assistant" | "tool", "content": ...}]}          OpenAI
    {"conversations": [{"from": "system" | "human" | "gpt" | "tool" | "observation" | ..., "value": ...}]}    ShareGPT

ShareGPT may have its system message beside, under `system`.

A record's `task_id` or `id` names its task; without one, records that begin alike are one task. One whose `split` is heldout
is refused. A message's `weight` (0: not imitated) multiplies its speaker's. A tool call is written into the words as the
hermes wire has it.

Whatever is wrong is one `UserError` that names file and line; no record is skipped or cut.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from actors.transcript import strip_thinking
from cluster.config.sft import SourceConfig
from cluster.errors import UserError, suggestion
from cluster.imitation.lesson import Lesson
from envs.base import Message

ChatRole = Literal["system", "user", "assistant", "tool"]
OPENAI: Mapping[str, ChatRole] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
SHAREGPT: Mapping[str, ChatRole] = {
    **OPENAI,
    "human": "user",
    "gpt": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
}
SURROGATE = re.compile(r"[\ud800-\udfff]")
CALL = "<tool_call>\n{}\n</tool_call>"


def read(source: SourceConfig) -> list[Lesson]:
    """The lessons of a file, in its order. Raises UserError."""
    assert source.file is not None
    found = islice(_records(source.file), source.episodes)
    lessons = [_lesson(_Record(source.file, place, data), source) for place, data in found]
    if not lessons:
        raise UserError(f"{source.file} holds no conversation.")
    return lessons


@dataclass(frozen=True, slots=True)
class _Record:
    file: Path
    place: str
    data: Any

    def wrong(self, what: str) -> NoReturn:
        raise UserError(f"{self.file} {self.place}: {what}")

    def whole(self, what: str, text: str) -> str:
        """The text, which must be of whole characters: neither a tokenizer nor Arrow takes others."""
        if not text.isascii() and SURROGATE.search(text):
            self.wrong(f"{what} holds half a character (a lone surrogate), which no tokenizer takes.")
        return text


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    if path.suffix == ".parquet":
        yield from _rows(path)
        return
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield f"line {number}", _json(path, number, line)
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}).") from None


def _json(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} line {number}: it is not JSON ({error}).") from None


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield f"row {number}", row
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is not a Parquet file that can be read ({str(error).splitlines()[0]}).") from None


def _lesson(record: _Record, source: SourceConfig) -> Lesson:
    said = _messages(record)
    task = _task(record, [message for message, _ in said])
    if source.imitate == "user":
        # What only the assistant reads is gone, and so are its turns that were a mere tool call.
        other: dict[str, ChatRole] = {"user": "assistant", "assistant": "user"}
        said = [(Message(other[m.role], _spoken(m)), f) for m, f in said if m.role in other and _spoken(m)]
    if source.system is not None:
        said = [
            (Message("system", record.whole("its source's `system`", source.system)), 1.0),
            *(pair for pair in said if pair[0].role != "system"),
        ]
    roles = [message.role for message, _ in said]
    if "assistant" not in roles:
        record.wrong(f"the {source.imitate} says nothing in it.")
    if roles[0] == "assistant":
        record.wrong(f"the {source.imitate} speaks first, before it has read anything: give the source a `system`.")
    return Lesson("", task, tuple(message for message, _ in said), tuple(factor for _, factor in said))


def _messages(record: _Record) -> list[tuple[Message, float]]:
    data = record.data
    if not isinstance(data, dict):
        record.wrong(f"it is a {type(data).__name__}, not an object with `messages` or `conversations`.")
    if data.get("split") == "heldout":
        record.wrong("its split is heldout: what is held out is not imitated.")
    openai, sharegpt = data.get("messages"), data.get("conversations")
    if (openai is None) == (sharegpt is None):
        record.wrong(f"it must have either `messages` or `conversations`; it has {', '.join(sorted(data)) or 'no key'}.")
    items = openai if openai is not None else sharegpt
    if not isinstance(items, list) or not items:
        record.wrong("its messages must be a list, and not an empty one.")
    names = ("role", "content", OPENAI) if openai is not None else ("from", "value", SHAREGPT)
    said = [_message(record, number, item, *names) for number, item in enumerate(items)]
    system = data.get("system") if sharegpt is not None else None
    if system is None or system == "":
        return said
    if not isinstance(system, str):
        record.wrong(f"its system is a {type(system).__name__}, not a text.")
    return [(Message("system", record.whole("its system", system)), 1.0), *said]


def _message(
    record: _Record, number: int, item: Any, who: str, what: str, roles: Mapping[str, ChatRole]
) -> tuple[Message, float]:
    if not isinstance(item, dict):
        record.wrong(f"message {number} is a {type(item).__name__}, not an object.")
    speaker = item.get(who)
    if not isinstance(speaker, str) or speaker not in roles:
        record.wrong(f"message {number} has {who} {speaker!r}: {suggestion(str(speaker), roles)}")
    text = _text(record, number, item.get(what))
    if speaker == "function_call":
        text = CALL.format(text)
    if calls := item.get("tool_calls"):
        called = [_call(record, number, call) for call in (calls if isinstance(calls, list) else [calls])]
        text = "\n".join([text, *called] if text else called)
    elif item.get(what) is None:
        record.wrong(f"message {number} has no {what}.")
    factor = item.get("weight")
    if factor is not None and (isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 <= factor <= 1):
        record.wrong(f"message {number} has weight {factor!r}: it must be a number from 0 to 1.")
    return Message(roles[speaker], record.whole(f"message {number}", text)), 1.0 if factor is None else float(factor)


def _text(record: _Record, number: int, content: Any) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    texts = [part.get("text") if isinstance(part, dict) else None for part in content] if isinstance(content, list) else [None]
    if not all(isinstance(text, str) for text in texts):
        record.wrong(f"message {number} holds something other than text.")
    return _text(record, number, "".join(map(str, texts)))


def _call(record: _Record, number: int, call: Any) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        record.wrong(f"message {number} has a tool call without a function's name.")
    arguments = function.get("arguments") or {}
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            record.wrong(f"message {number} has a tool call whose arguments are not JSON.")
    return CALL.format(json.dumps({"name": function["name"], "arguments": arguments}, ensure_ascii=False))


def _spoken(message: Message) -> str:
    """What the other side hears of a message."""
    if message.role != "assistant":
        return message.content
    return strip_thinking(message.content).partition("<tool_call>")[0].strip()


def _task(record: _Record, messages: list[Message]) -> str:
    for name in ("task_id", "id"):
        if record.data.get(name) is not None:
            return f"{record.file.name}:{record.whole(f'its {name}', str(record.data[name]))}"
    first = next((number for number, message in enumerate(messages) if message.role == "user"), len(messages) - 1)
    opening = json.dumps([(message.role, message.content) for message in messages[: first + 1]])
    return f"opening:{hashlib.blake2b(opening.encode(), digest_size=8).hexdigest()}"
