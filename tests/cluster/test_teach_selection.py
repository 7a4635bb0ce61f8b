"""Which episodes become samples, and as what: pure."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cluster.config.sft import SourceConfig
from cluster.config.teach import TeachConfig
from cluster.imitation import conversation_file
from cluster.teach.account import account, markdown
from cluster.teach.duplicates import fingerprint, grams, similarity
from cluster.teach.records import records
from cluster.teach.selection import fates
from envs.base import Message
from envs.tool import usage
from rewards.trajectory import Row, Turn

SETTINGS = TeachConfig(keep=2, min_score=0.5)
CHOICES = ("action", "answer", "finish")


def row(number: int, score: float | None, *said: str, task: str = "t", status: str = "ok", bad: tuple[int, ...] = ()) -> Row:
    """An episode in which the agent says `said` and hears "So." each time; its `bad` turns are malformed."""
    messages = [{"role": "system", "content": f"Ask.\n\n{usage('bracket', CHOICES)}"}, {"role": "user", "content": "Hello."}]
    for text in said:
        messages += [{"role": "assistant", "content": text}, {"role": "user", "content": "So."}]
    turns = [Turn(n, "stop", "", {"format": (-1.0 if n in bad else 0.0, "rule")}) for n in range(len(said))]
    made = Row("m@h", "scripted", "IntentionGym", task, "train", 0, f"0.{number}", turns=turns, score=score, status=status)
    made.messages = json.dumps(messages)
    return made


LONG = "[action] What is the colour of the house that you want to buy in the end of the day"


def test_the_best_of_each_task_are_kept_and_every_other_has_one_reason():
    rows = [
        row(0, 0.6, "[action] one two three"),
        row(1, 0.9, "[action] four five six"),
        row(2, 0.8, "[action] seven eight nine"),
        row(3, 0.9, "[action] four five six"),
        row(4, 0.4, "[action] ten"),
        row(5, None, "[action] x", status="endpoint"),
        row(6, 1.0, "never mind", bad=(0,)),
        row(7, 0.7, "[action] other", task="u"),
    ]
    expected = ["beyond_top", "kept", "kept", "duplicate", "below_min_score", "failed", "silent", "kept"]
    assert fates(rows, SETTINGS) == expected
    shuffled = random.Random(0).sample(range(8), 8)
    assert fates([rows[n] for n in shuffled], SETTINGS) == [expected[n] for n in shuffled]


def test_nearly_the_same_counts_once_within_a_task_and_twice_over_two():
    rows = [row(0, 1.0, LONG), row(1, 1.0, LONG + " please"), row(2, 1.0, LONG + " please", task="u")]
    settings = SETTINGS.model_copy(update={"similarity": 0.8})
    assert fates(rows, settings) == ["kept", "near_duplicate", "duplicate"]
    rows[2] = row(2, 1.0, LONG + " now", task="u")
    assert fates(rows, settings) == ["kept", "near_duplicate", "kept"]
    assert fates(rows, settings.model_copy(update={"similarity": None})) == ["kept", "kept", "kept"]


def test_of_equal_scores_the_cleaner_and_shorter_one_is_better():
    rows = [row(0, 1.0, "hm", "[action] a", bad=(0,)), row(1, 1.0, "[action] b", "[action] c"), row(2, 1.0, "[action] d")]
    assert fates(rows, SETTINGS.model_copy(update={"keep": 1})) == ["beyond_top", "beyond_top", "kept"]


@given(st.lists(st.lists(st.text(max_size=30), max_size=4), min_size=2, max_size=2))
def test_similarity_is_symmetric_between_0_and_1_and_1_for_the_same(texts):
    one, other = ([Message("user", text) for text in several] for several in texts)
    assert 0 <= similarity(grams(one), grams(other)) == similarity(grams(other), grams(one)) <= 1
    assert similarity(grams(one), grams(one)) == 1
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_a_record_is_what_imitation_reads_and_bad_turns_weigh_nothing(tmp_path: Path):
    made = row(0, 1.0, "hm", "[action] What is it?", "[answer] june", bad=(0,))
    (tmp_path / "s.jsonl").write_text(json.dumps(*records(made, "bracket")))
    (lesson,) = conversation_file.read(SourceConfig(file=tmp_path / "s.jsonl"))
    said = json.loads(made.messages)[:-1]
    assert [{"role": m.role, "content": m.content} for m in lesson.messages] == said, "but for what nobody answers"
    assert lesson.factors == (1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0)
    assert lesson.task_id == "s.jsonl:IntentionGym/t"


def test_a_record_of_another_wire_has_its_usage_calls_and_tool_messages(tmp_path: Path):
    (tmp_path / "s.jsonl").write_text(json.dumps(*records(row(0, 1.0, "hm", "[action] What?", bad=(0,)), "hermes")))
    (lesson,) = conversation_file.read(SourceConfig(file=tmp_path / "s.jsonl"))
    assert [m.role for m in lesson.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert lesson.messages[0].content == f"Ask.\n\n{usage('hermes', CHOICES)}"
    call = '{"name": "interact_with_env", "arguments": {"choice": "action", "content": "What?"}}'
    assert lesson.messages[-1].content == f"<tool_call>\n{call}\n</tool_call>"


def test_what_only_userrls_readings_take_for_a_call_is_not_imitated_on_another_wire():
    made = row(0, 1.0, "[search] What is it?", "[action] What?")
    assert [message.get("weight") for message in records(made, "hermes")[0]["conversations"]] == [None, None, 0, None, None]
    assert [message.get("weight") for message in records(made, "bracket")[0]["conversations"]] == [None] * 5


def test_a_turn_that_was_cut_off_is_not_imitated():
    made = row(0, 1.0, "[action] a", "[action] b")
    made.turns[1].finish = "length"
    assert [message.get("weight") for message in records(made, "bracket")[0]["conversations"]] == [None, None, None, None, 0]


def test_the_account_adds_up():
    rows = [row(0, 1.0, "[action] a"), row(1, None, "[action] b", status="endpoint"), row(2, 0.0, "[action] c")]
    calls = [
        {"prompt": 10, "cached": None, "completion": 2, "cost": 0.5},
        {"prompt": 5, "cached": 4, "completion": 1, "cost": 1},
    ]
    made = account(rows, fates(rows, SETTINGS), calls, teacher="m|h", planned=4, stopped="Enough.", max_cost=2.0)
    gym = made.gyms["IntentionGym"]
    assert gym["played"] == 3 == sum(gym[fate] for fate in ("kept", "failed", "below_min_score"))
    assert (made.prompt_tokens, made.cached_tokens, made.completion_tokens, made.cost) == (15, 4, 3, 1.5)
    assert (gym["mean_score"], gym["mean_score_kept"], made.failures) == (0.5, 1.0, {"endpoint": 1})
    page = markdown(made)
    assert "3 of 4 episodes were played. Enough." in page and "endpoint 1" in page and "cost 1.5 of 2" in page


def test_a_rate_limit_bounds_how_many_wait_for_their_turn():
    endpoint = {"base_url": "http://x", "model": "m", "max_concurrent": 20}
    slow = TeachConfig(endpoint={**endpoint, "requests_per_minute": 2}, retry={"deadline_s": 300})
    assert slow.at_once(64) == 5, "the last of five waits 150 s, and has 150 s left"
    assert TeachConfig(endpoint=endpoint).at_once(64) == 20
    assert TeachConfig().at_once(64) == 64
    with pytest.raises(ValidationError, match="must be at least 120"):
        TeachConfig(endpoint={**endpoint, "requests_per_minute": 1}, retry={"deadline_s": 60})
