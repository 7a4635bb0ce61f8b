"""UserRL's files are read into our tasks and written from them; what is wrong is named by its field."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel, field_validator
from userrl_cases import INTENTION, ITEMS, POWER, ROWS, TRAVEL, TRAVEL_KEY, TURTLE, items, parquet, row

import envs
from envs import registry
from envs.base import Task
from envs.travel.listing import listing
from envs.turtle.task import Criterion, Hidden
from envs.userrl import items as item_files
from envs.userrl import parquet as row_files
from envs.userrl.dialect import ITEM, BadField, attempt
from envs.userrl.dialects import DIALECTS, dialect_of

GYMS = sorted(DIALECTS)
COMPLETE = [name for name in GYMS if DIALECTS[name].from_row is not None]


def from_items(path: Path, gym: str, split: Any = "train") -> list[Any]:
    return [made for _, made in item_files.tasks(DIALECTS[gym], items(path, gym), split)]


def only_task(gym: str, changes: dict[str, Any]) -> Any:
    """What comes of the gym's first item, changed."""
    place, item = next(iter(ITEMS[gym].items())) if isinstance(ITEMS[gym], dict) else ("1", ITEMS[gym][0])
    return item_files.parse(DIALECTS[gym], place, {**item, **changes}, "train")


@pytest.mark.parametrize("gym", GYMS)
def test_items_become_tasks_of_the_split_that_is_given(gym: str, tmp_path: Path):
    made = from_items(tmp_path / "all.json", gym, "heldout")
    assert len(made) == len(ITEMS[gym])
    assert {type(task) for task in made} == {registry.entry(gym).task}
    assert {task.split for task in made} == {"heldout"}


@pytest.mark.parametrize("gym", GYMS)
def test_rows_take_their_split_from_the_row_and_the_rest_from_their_item(gym: str, tmp_path: Path):
    path = parquet(tmp_path / "rows.parquet", [row(gym, "test")])
    index = {gym: item_files.index(DIALECTS[gym], item_files.read(items(tmp_path / "all.json", gym)))}
    ((place, made),) = row_files.tasks(path, index)
    assert place == "row 1"
    assert made == from_items(tmp_path / "all.json", gym, "heldout")[0]


@pytest.mark.parametrize("gym", COMPLETE)
def test_a_row_that_says_all_needs_no_item(gym: str, tmp_path: Path):
    ((_, made),) = row_files.tasks(parquet(tmp_path / "rows.parquet", [row(gym)]), {})
    assert made == from_items(tmp_path / "all.json", gym)[0]


@pytest.mark.parametrize("gym", sorted(set(GYMS) - set(COMPLETE)))
def test_a_row_that_does_not_says_so(gym: str, tmp_path: Path):
    ((_, made),) = row_files.tasks(parquet(tmp_path / "rows.parquet", [row(gym)]), {})
    assert isinstance(made, BadField)
    assert made.field == f"{row_files.KWARGS}.{DIALECTS[gym].keys[0]}" and "no file of --items has that item" in made.reason


def test_a_merged_file_has_all_gyms_and_nulls(tmp_path: Path):
    path = parquet(tmp_path / "all.parquet", [row(gym) for gym in COMPLETE])
    struct = pq.read_schema(path).field("reward_model").type
    assert {"title", "question", "id"} & {field.name for field in struct} == {"title", "id"}
    assert [made.gym for _, made in row_files.tasks(path, {})] == COMPLETE
    wrong = [made.field for _, made in row_files.tasks(path, {}, "SearchGym") if isinstance(made, BadField)]
    assert wrong == [f"{row_files.KWARGS}.env_name"] * (len(COMPLETE) - 1)


def changed(path: str, value: Any) -> dict[str, Any]:
    """A row of TelepathyGym with one cell replaced."""
    cells = copy.deepcopy(row("TelepathyGym"))
    node, *steps = cells, *path.split(".")
    for step in steps[:-1]:
        node = node[step]
    node[steps[-1]] = value
    return cells


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("extra_info.split", "val", "extra_info.split: it is 'val', not train or test."),
        ("extra_info.split", None, "extra_info.split: it is missing."),
        ("prompt", [{"content": "Rules.", "role": "system"}], "prompt: it has no user message with text."),
        ("prompt", [{"content": " ", "role": "user"}], "prompt: it has no user message with text."),
        ("prompt", None, "prompt: it has no user message with text."),
        ("reward_model.ground_truth", None, "reward_model.ground_truth: it is missing."),
        (f"{row_files.KWARGS}.title", None, f"{row_files.KWARGS}.title: it is missing."),
        (f"{row_files.KWARGS}.title", 3, f"{row_files.KWARGS}.title: it is a int, not a string."),
        (
            f"{row_files.KWARGS}.env_name",
            "AlfworldGym",
            f"{row_files.KWARGS}.env_name: it is 'AlfworldGym', not FunctionGym or",
        ),
        ("extra_info.tools_kwargs", None, f"{row_files.KWARGS}.env_name: it is missing."),
    ],
)
def test_a_bad_row_is_named_by_its_field(path: str, value: Any, says: str, tmp_path: Path):
    ((place, made),) = row_files.tasks(parquet(tmp_path / "rows.parquet", [changed(path, value)]), {})
    assert isinstance(made, BadField) and place == "row 1"
    assert str(made).startswith(says)


def test_files_that_are_something_else_are_refused_as_a_whole(tmp_path: Path):
    other = parquet(tmp_path / "other.parquet", [{"prompt": "x"}])
    with pytest.raises(ValueError, match="no column ability, data_source, extra_info, reward_model"):
        list(row_files.tasks(other, {}))
    (tmp_path / "text.parquet").write_text("PAR")
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        list(row_files.tasks(tmp_path / "text.parquet", {}))
    for text, says in (
        ("{", "is not JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice"),
        ("3", "holds a int"),
        ("\ud800".encode("utf-8", "surrogatepass"), "not UTF-8"),
    ):
        path = tmp_path / "items.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ValueError, match=says):
            item_files.read(path)
    with pytest.raises(ValueError, match="did you mean 'TurtleGym'"):
        dialect_of("TurtelGym")


@pytest.mark.parametrize(
    ("gym", "changes", "says"),
    [
        ("IntentionGym", {"missing_details": []}, "details: Tuple should have at least 1 item"),
        (
            "IntentionGym",
            {"missing_details": [{"description": "a", "importance": "4", "inquiry": "b"}]},
            "missing_details.0.importance",
        ),
        ("IntentionGym", {"task": "half \ud800"}, "task: it holds half a character"),
        ("TravelGym", {"flight": {"a": ["b", "\udfff"]}}, "flight.a.1: it holds half a character"),
        ("IntentionGym", {"id": 7}, "id: Input should be a valid string"),
        ("TelepathyGym", {"target_entity": None}, "target_entity: Input should be a valid string"),
        ("TurtleGym", {"judgment": "No"}, "judgment: Input should be 'Yes'"),
        ("TurtleGym", {"evaluation": TURTLE["evaluation"][:2]}, "evaluation: the scores sum to 0.7, not to 1."),
        ("TurtleGym", {"evaluation": [{"statement": "a", "score": 0.125}]}, "evaluation.0.score: it is 0.125, not one of"),
        ("TurtleGym", {"evaluation": [{"statement": "a", "score": float("nan")}]}, "evaluation.0.score"),
        ("FunctionGym", {"expected_result": 12.0}, "expected_result: it is 12.0, but the rule makes 11.5."),
        ("FunctionGym", {"rule": "a * b"}, "rule: The rule 'a * b' does not use c, d."),
        ("FunctionGym", {"rule": "__import__('os')"}, "rule: A rule has no '_'"),
        ("FunctionGym", {"test_case": [1, 2, 3]}, "test_case.3: Field required"),
        ("TauGym", {"id": "hotel-1"}, "id: String should match pattern"),
        ("TauGym", {"info": {"task": {}}}, "info.task.instruction: Field required"),
        ("TravelGym", {"dimensions": ["train"]}, "dimensions.0: Input should be 'flight'"),
        ("TravelGym", {"hotel": None}, "hotel: Input should be a valid dictionary"),
        ("TravelGym", {"flight": {**TRAVEL["flight"], "best_id": "F3"}}, "flight: The best flight is F3, which does not fit"),
        ("TravelGym", {"flight": {**TRAVEL["flight"], "correct_ids": ["F2"]}}, "flight.correct_ids: they are F2, not those of"),
        (
            "TravelGym",
            {"flight": {**TRAVEL["flight"], "preferences": [["a"]]}},
            "flight.preferences: Tuple should have at least 1",
        ),
    ],
)
def test_a_bad_item_is_named_by_its_field(gym: str, changes: dict[str, Any], says: str):
    made = only_task(gym, changes)
    assert isinstance(made, BadField)
    assert str(made).startswith(says), str(made)


def test_a_reason_with_a_colon_is_no_field_and_tells_no_story():
    """A validator's words are the reason as a whole; the field is where it stands."""

    class Wish(BaseModel):
        parts: tuple[str, ...]

        @field_validator("parts")
        @classmethod
        def _known(cls, parts: tuple[str, ...]) -> tuple[str, ...]:
            raise ValueError("Two of them clash: a, b")

    made = attempt(lambda: Wish(parts=("a", "b")))
    assert isinstance(made, BadField)
    assert (made.field, made.reason) == ("parts", "Two of them clash: a, b.")
    criterion = Criterion(statement="He fell.", weight=90)
    made = attempt(lambda: Hidden(story="The diver: he fell.", criteria=(criterion,)))
    assert isinstance(made, BadField)
    assert (made.field, made.reason) == (ITEM, "The weights sum to 90, not to 100.")
    valued = criterion.model_copy(update={"weight": 100, "values": ("fall",)})
    made = attempt(lambda: Hidden(story="The diver: he fell.", criteria=(valued,)))
    assert isinstance(made, BadField)
    assert made.field == ITEM and "diver" not in str(made)


def test_an_item_that_is_no_object():
    assert str(item_files.parse(DIALECTS["SearchGym"], "1", "text", "train")) == "the item: it is a str, not an object."


def test_details_of_one_name_are_told_apart_and_one_without_options_has_no_preference():
    details = only_task("IntentionGym", {}).hidden.details
    assert [detail.slot for detail in details] == ["size_of_the_bed", "size_of_the_bed_2", "detail"]
    assert [detail.value for detail in details] == ["2 m", "no preference", "sand"]
    assert [detail.importance for detail in details] == [3, 1, 2]
    assert details[0].inquiries == (INTENTION["missing_details"][0]["inquiry"],)


def test_weights_whose_float_sum_is_below_one_are_whole():
    weights = [criterion.weight for criterion in only_task("TurtleGym", {}).hidden.criteria]
    assert sum(item["score"] for item in TURTLE["evaluation"]) < 1 and weights == [50, 20, 20, 10]


def test_rules_are_sorted_by_their_exponents():
    assert only_task("FunctionGym", {}).source == "square"
    assert only_task("FunctionGym", POWER).source == "power"


def test_a_travel_listing_shows_what_theirs_shows_in_an_order_that_tells_nothing():
    task = only_task("TravelGym", {})
    flight, hotel = task.hidden.blocks
    assert (flight.best_id, flight.correct_ids, hotel.best_id) == ("F2", {"F1", "F2"}, "H1")
    assert [wish.id for wish in task.hidden.preferences] == ["P1", "P2"]
    assert flight.arguments == {"origin": "Turin", "destination": "Porto", "seats": "1"}
    _, *lines = listing(flight, task.source).split("\n")
    shown = {option["id"]: option for option in map(json.loads, lines)}
    assert shown["F1"] == {"id": "F1", "cost": "90"} and shown["F3"]["amenities"] == '["wifi"]'
    assert list(shown) != sorted(shown) and [option.id for option in flight.options] == list(shown)


@pytest.mark.parametrize("gym", [name for name in GYMS if name != "TauGym"])
def test_what_is_written_is_read_back_equal(gym: str, tmp_path: Path):
    dialect, tasks = DIALECTS[gym], from_items(tmp_path / "all.json", gym)
    pq.write_table(row_files.table(dialect, tasks), tmp_path / "rows.parquet")
    (tmp_path / "out.json").write_text(item_files.text(dialect, tasks))
    index = {gym: item_files.index(dialect, item_files.read(tmp_path / "out.json"))}
    assert [made for _, made in row_files.tasks(tmp_path / "rows.parquet", index)] == tasks
    if dialect.from_row is not None:
        assert [made for _, made in row_files.tasks(tmp_path / "rows.parquet", {})] == tasks


def test_a_customer_is_written_and_read_back_without_the_package(tmp_path: Path):
    (task,) = from_items(tmp_path / "all.json", "TauGym")
    (tmp_path / "out.json").write_text(item_files.text(DIALECTS["TauGym"], [task]))
    assert [made for _, made in item_files.tasks(DIALECTS["TauGym"], tmp_path / "out.json", "train")] == [task]
    assert [action.name for action in task.hidden.actions] == ["return_items"], "speaking is no call"


@pytest.mark.parametrize("gym", [name for name in GYMS if name != "TauGym"])
def test_rows_have_userrls_columns(gym: str, tmp_path: Path):
    tasks: list[Task] = [*from_items(tmp_path / "all.json", gym), *from_items(tmp_path / "all.json", gym, "heldout")]
    table = row_files.table(DIALECTS[gym], tasks)
    expected = pa.Table.from_pylist([row(gym)]).schema
    assert [field.name for field in table.schema] == list(row_files.COLUMNS)
    for name in ("data_source", "prompt", "ability"):
        assert table.schema.field(name).type == expected.field(name).type
    (train, *_, last) = table.to_pylist()
    assert (train["extra_info"]["split"], last["extra_info"]["split"]) == ("train", "test")
    assert train["extra_info"]["index"] == 0 == table.to_pylist()[len(tasks) // 2]["extra_info"]["index"]
    keys, truth, opening = ROWS[gym]
    kwargs = train["extra_info"]["tools_kwargs"]["interact_with_env"]["create_kwargs"]
    assert kwargs == {"env_name": gym, **keys}
    assert train["reward_model"] == {"style": "rule", "ground_truth": truth, **kwargs}
    assert [message["role"] for message in train["prompt"]] == ["system", "user"]
    if gym != "FunctionGym":  # its opening is a fixed sentence, ours
        assert train["prompt"][1]["content"] == opening


@pytest.mark.parametrize("gym", GYMS)
def test_tasks_of_our_own_can_be_written(gym: str, tmp_path: Path):
    tasks = envs.load(gym, "heldout")[:20]
    pq.write_table(row_files.table(DIALECTS[gym], tasks), tmp_path / "rows.parquet")
    (tmp_path / "out.json").write_text(item_files.text(DIALECTS[gym], tasks))
    index = {gym: item_files.index(DIALECTS[gym], item_files.read(tmp_path / "out.json"))}
    made = [task for _, task in row_files.tasks(tmp_path / "rows.parquet", index)]
    assert not [bad for bad in made if isinstance(bad, BadField)]
    assert len({task.id for task in made}) == len(tasks)
    if gym == "FunctionGym":  # the one gym whose files carry everything but the wording of the opening
        assert [task.hidden for task in made] == [task.hidden for task in tasks]


def test_a_travel_key_is_the_id():
    assert only_task("TravelGym", {}).id == TRAVEL_KEY
