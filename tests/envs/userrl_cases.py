"""Files laid out as UserRL's are (specs/gyms.md 3 and 4), filled with words of our own: none of their data is here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from envs.userrl.dialects import DIALECTS

INTENTION = {
    "id": "0f5a-1",
    "category": "gardening",
    "task": "Help me lay out a flower bed.",
    "missing_details": [
        {"description": "Size of the bed", "importance": "3", "inquiry": "How large is it?", "options": ["2 m", "5 m"]},
        {"description": "Size of the bed", "importance": "1", "inquiry": "How large may it grow?", "options": []},
        {"description": "???", "importance": "2", "inquiry": "Which soil is there?", "options": ["sand"]},
    ],
}
TELEPATHY = {
    "id": "entity_003",
    "title": "Fountain Pen",
    "description": "Something people hold.",
    "goal": "Find it.",
    "target_entity": "Fountain Pen, a pen that is filled with ink",
    "category": "tool",
}
TURTLE = {
    "judgment_thought": "",
    "judgment": "Yes",
    "evaluation_thought": "",
    "new_title": "The Wet Baker",
    "new_surface": "A baker sold nothing and was glad of it.",
    "new_bottom": "The river had come into his shop, and everybody had been saved.",
    "evaluation": [
        {"statement": "There was a flood.", "score": 0.5},
        {"statement": "It was in his shop.", "score": 0.2},
        {"statement": "Everybody lived.", "score": 0.2},
        {"statement": "He was glad of that.", "score": 0.1},
    ],
}
FUNCTION = {"id": "func-7", "rule": "a * b - c ** 2 / d", "test_case": [3, 4, 2, 8], "expected_result": 11.5}
POWER = {"id": "func-8", "rule": "a ** b - c + d", "test_case": [2, 3, 1, 4], "expected_result": 11.0}
SEARCH = {"id": "Bamboogle-9", "question": "Who founded the town where the oldest lighthouse stands?", "answer": "Ada Reef"}
TAU = {
    "id": "retail-019",
    "obs": "Hi, my kettle came broken.",
    "info": {
        "task": {
            "user_id": "kim_1",
            "instruction": "You are Kim. Your kettle came broken and you want your money back.",
            "actions": [
                {"name": "return_items", "kwargs": {"order_id": "#1", "items": ["k"]}},
                {"name": "respond", "kwargs": {}},
            ],
            "outputs": ["20"],
        },
        "source": "user",
        "user_cost": 0.1,
        "reward_info": None,
    },
}
PERSUADE = {
    "id": "c-12",
    "claim": "Every village should keep a goat.",
    "argument": "A goat mows the green for nothing, and children learn from it to care for somebody.",
    "note": "nothing that a gym reads",
}
TRAVEL_KEY = "flight:1-3|hotel:1-1"
TRAVEL = {
    "scenario": "Ira flies to Porto and sleeps there.",
    "dimensions": ["flight", "hotel"],
    "wanted_num": 2,
    "initial_description": "I fly from Turin to Porto on May 2 and need a bed for two nights.",
    "flight": {
        "preferences": [["flight", "departure", "leaves before noon", "I like to be there for dinner.", "more"], ["too short"]],
        "arguments": {"origin": "Turin", "destination": "Porto", "seats": 1},
        "options": {
            "correct": [{"id": "F1", "cost": 90, "reason": "fits", "type": "c"}, {"id": "F2", "cost": 70}],
            "wrong": [{"id": "F3", "cost": 50, "amenities": ["wifi"]}],
            "noise": [{"id": "F4", "cost": 60}],
        },
        "best_id": "F2",
        "correct_ids": ["F1", "F2"],
    },
    "hotel": {
        "preferences": [["hotel", "room", "a quiet room", "I sleep lightly."]],
        "arguments": {"city": "Porto"},
        "options": {"correct": [{"id": "H1", "cost": 80}], "wrong": [], "noise": []},
        "best_id": "H1",
        "correct_ids": ["H1"],
    },
}
ITEMS: dict[str, Any] = {
    "FunctionGym": [FUNCTION, POWER],
    "IntentionGym": [INTENTION],
    "PersuadeGym": [PERSUADE],
    "SearchGym": [SEARCH],
    "TauGym": [TAU],
    "TelepathyGym": [TELEPATHY],
    "TravelGym": {TRAVEL_KEY: TRAVEL},
    "TurtleGym": {"1": TURTLE},
}
"""A gym's JSON file."""
ROWS: dict[str, tuple[dict[str, str], str, str]] = {
    "FunctionGym": ({"id": "func-7"}, "11.5", "Begin."),
    "IntentionGym": (
        {"id": "0f5a-1", "task": INTENTION["task"], "category": "gardening"},
        "Size of the bed, Size of the bed, ???",
        "gardening: Help me lay out a flower bed.",
    ),
    "PersuadeGym": (
        {"id": "c-12", "claim": PERSUADE["claim"], "argument": PERSUADE["argument"]},
        PERSUADE["claim"],
        PERSUADE["claim"],
    ),
    "SearchGym": ({"id": "Bamboogle-9"}, "Ada Reef", SEARCH["question"]),
    "TauGym": ({"id": "retail-019"}, "", TAU["obs"]),
    "TelepathyGym": ({"title": "Fountain Pen", "category": "tool"}, TELEPATHY["target_entity"], TELEPATHY["description"]),
    "TravelGym": ({"id": TRAVEL_KEY}, "['F2', 'H1']", TRAVEL["initial_description"]),
    "TurtleGym": (
        {"title": "The Wet Baker", "surface": TURTLE["new_surface"], "bottom": TURTLE["new_bottom"]},
        TURTLE["new_bottom"],
        "The Wet Baker: A baker sold nothing and was glad of it.",
    ),
}
"""By gym what a row says: create_kwargs beside env_name, ground truth, the user message."""


def row(gym: str, split: str = "train", **changes: Any) -> dict[str, Any]:
    """A row of a gym. `changes` replace keys of its create_kwargs."""
    keys, truth, opening = ROWS[gym]
    kwargs = {"env_name": gym, **keys, **changes}
    return {
        "data_source": DIALECTS[gym].data_source,
        "prompt": [{"content": "Rules.", "role": "system"}, {"content": opening, "role": "user"}],
        "ability": "interaction",
        "reward_model": {"style": "rule", "ground_truth": truth, **kwargs},
        "extra_info": {
            "index": 0,
            "need_tools_kwargs": True,
            "split": split,
            "tools_kwargs": {"interact_with_env": {"create_kwargs": kwargs}},
        },
    }


def parquet(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A file of rows; several gyms' structs become one with nulls, as in merged files."""
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def items(path: Path, gym: str) -> Path:
    """A gym's JSON file."""
    path.write_text(json.dumps(ITEMS[gym]), encoding="utf-8")
    return path
