"""Conversations from files: both forms are read, whatever is wrong is named with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cluster.config.sft import SourceConfig
from cluster.errors import UserError
from cluster.imitation import conversation_file
from cluster.imitation.lesson import Lesson

OPENAI = {
    "id": 7,
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "a "}, {"type": "text", "text": "trip"}]},
        {"role": "assistant", "content": "When?", "weight": 0},
        {"role": "user", "content": "june"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"type": "function", "function": {"name": "find", "arguments": '{"month": 6}'}}],
        },
        {"role": "tool", "content": "one"},
        {"role": "assistant", "content": "<think>easy</think>\nThere is one."},
    ],
}
SHAREGPT = {"conversations": [{"from": "human", "value": "a trip"}, {"from": "gpt", "value": "When?"}]}


def write(folder: Path, *records: Any) -> Path:
    path = folder / "talk.jsonl"
    path.write_text("\n".join(record if isinstance(record, str) else json.dumps(record) for record in records))
    return path


def read(path: Path, **settings: Any) -> list[Lesson]:
    return conversation_file.read(SourceConfig(file=path, **settings))


def said(lesson: Lesson) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in lesson.messages]


def test_openai_messages(tmp_path: Path):
    lesson = read(write(tmp_path, OPENAI))[0]
    call = '<tool_call>\n{"name": "find", "arguments": {"month": 6}}\n</tool_call>'
    assert said(lesson)[:5] == [
        ("system", "Be brief."),
        ("user", "a trip"),
        ("assistant", "When?"),
        ("user", "june"),
        ("assistant", call),
    ]
    assert lesson.factors == (1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0)
    assert lesson.task_id == "talk.jsonl:7"


def test_sharegpt_conversations_and_blank_lines(tmp_path: Path):
    (lesson,) = read(write(tmp_path, "", SHAREGPT, "  "))
    assert said(lesson) == [("user", "a trip"), ("assistant", "When?")]


def test_parquet_holds_the_same(tmp_path: Path):
    path = tmp_path / "talk.parquet"
    pq.write_table(pa.Table.from_pylist([SHAREGPT, SHAREGPT]), path)
    assert [said(lesson) for lesson in read(path)] == [said(lesson) for lesson in read(write(tmp_path, SHAREGPT, SHAREGPT))]


def test_the_user_of_a_file_can_be_imitated_and_hears_only_what_is_said(tmp_path: Path):
    lesson = read(write(tmp_path, OPENAI), imitate="user", system="You want a trip.")[0]
    assert said(lesson) == [
        ("system", "You want a trip."),
        ("assistant", "a trip"),
        ("user", "When?"),
        ("assistant", "june"),
        ("user", "There is one."),
    ]
    with pytest.raises(UserError, match=r"talk\.jsonl line 1: the user speaks first.*give the source a `system`"):
        read(write(tmp_path, OPENAI), imitate="user")


def test_conversations_that_begin_alike_are_one_task_and_others_are_not(tmp_path: Path):
    longer = {"conversations": [*SHAREGPT["conversations"], {"from": "human", "value": "june"}]}
    other = {"conversations": [{"from": "human", "value": "a book"}, {"from": "gpt", "value": "When?"}]}
    one, same, different = (lesson.task_id for lesson in read(write(tmp_path, SHAREGPT, longer, other)))
    assert one == same != different


def test_the_first_so_many(tmp_path: Path):
    assert len(read(write(tmp_path, SHAREGPT, SHAREGPT, "not read"), episodes=2)) == 2


def message(**given: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", **given}]}


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("{", "talk.jsonl line 2: it is not JSON"),
        ([1], "line 2: it is a list, not an object"),
        ({"text": "a"}, "line 2: it must have either `messages` or `conversations`; it has text."),
        ({**SHAREGPT, "messages": []}, "either `messages` or `conversations`; it has conversations, messages."),
        ({"messages": []}, "line 2: its messages must be a list, and not an empty one."),
        ({"messages": ["a"]}, "line 2: message 0 is a str, not an object."),
        ({"messages": [{"role": "usr", "content": "a"}]}, "message 0 has role 'usr': did you mean user?"),
        ({"conversations": [{"from": "gtp", "value": "a"}]}, "message 0 has from 'gtp': did you mean gpt?"),
        ({"messages": [{"role": "user", "content": "a"}]}, "line 2: the assistant says nothing in it."),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "the assistant speaks first"),
        (message(), "line 2: message 1 has no content."),
        (message(content=3), "message 1 holds something other than text."),
        (message(content=[{"type": "image_url"}]), "message 1 holds something other than text."),
        (message(content="a", weight=2), "message 1 has weight 2: it must be a number from 0 to 1."),
        (message(content="\ud83d"), "line 2: message 1 holds half a character"),
        (message(content=[{"type": "text", "text": "\ud83d"}]), "line 2: message 1 holds half a character"),
        (message(tool_calls=[{"function": {"name": "f", "arguments": {"a": "\ud83d"}}}]), "line 2: message 1 holds half a"),
        (message(tool_calls=[{"function": {"name": "f", "arguments": '{"a": "\\ud83d"}'}}]), "line 2: message 1 holds half a"),
        ({**SHAREGPT, "id": "\ud83d"}, "line 2: its id holds half a character"),
        ({**SHAREGPT, "task_id": "\ud83d"}, "line 2: its task_id holds half a character"),
        ({"messages": [{"role": ["user"], "content": "a"}]}, "message 0 has role ['user']"),
        (message(tool_calls=3), "message 1 has a tool call without a function's name."),
        (message(tool_calls=[{}]), "message 1 has a tool call without a function's name."),
        (message(tool_calls=[{"function": {"name": "f", "arguments": "{"}}]), "whose arguments are not JSON."),
    ],
)
def test_whatever_is_wrong_is_named_with_its_line(tmp_path: Path, record: Any, says: str):
    with pytest.raises(UserError) as caught:
        read(write(tmp_path, SHAREGPT, record))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_system_message_with_half_a_character(tmp_path: Path):
    with pytest.raises(UserError, match=r"talk\.jsonl line 1: its source's `system` holds half a character"):
        read(write(tmp_path, SHAREGPT), system="\ud83d")


def test_files_that_are_something_else(tmp_path: Path):
    with pytest.raises(UserError, match="holds no conversation"):
        read(write(tmp_path, ""))
    (tmp_path / "talk.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is not UTF-8 text"):
        read(tmp_path / "talk.jsonl")
    (tmp_path / "talk.parquet").write_text("PAR")
    with pytest.raises(UserError, match="is not a Parquet file"):
        read(tmp_path / "talk.parquet")
