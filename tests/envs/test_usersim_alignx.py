"""Personas from AlignX-shaped records: aggregation, polarity, and what is wrong with a record."""

import copy
import json
from pathlib import Path

import pytest

from envs.usersim.data.alignx import DIMENSIONS, direction, personas, poles, shares_words
from envs.usersim.data.coherence import violations

RECORDS = [json.loads(line) for line in Path(__file__).with_name("alignx_records.jsonl").read_text().splitlines()]


def record(**values: float) -> dict[str, object]:
    """A record whose four pairs are neutral but at some indices, given as `i3=1`."""
    vector = [values.get(f"i{index}", 0.5) for index in range(DIMENSIONS)]
    return {"Pair-wise Comparative Feedback": [{"Preference Direction": list(vector)} for _ in range(4)]}


def one(**values: float):
    accepted, rejected = personas([record(**values)])
    assert rejected == ()
    return accepted[0]


def test_the_fixture_gives_eight_people_and_four_reasons():
    accepted, rejected = personas(RECORDS)
    assert len(accepted) == 8 and not any(violations(person) for person in accepted)
    assert [reason.id for reason in rejected] == ["record 8", "record 9", "record 10", "record 11"]
    assert [part for entry, part in zip(rejected, ("list of 4", "0.7 is not", "no dimension", "came before"), strict=True)
            if part in entry.reason] == ["list of 4", "0.7 is not", "no dimension", "came before"]  # fmt: skip
    assert personas(RECORDS) == (accepted, rejected)


def test_the_mean_of_four_pairs_is_read_by_two_thresholds():
    some = record()
    for pair, values in zip(
        some["Pair-wise Comparative Feedback"], ((1, 0, 0.5), (1, 0, 1), (0.5, 0.5, 0.5), (0, 1, 0.5)), strict=True
    ):
        pair["Preference Direction"][:3] = values
    assert direction(some)[:3] == [0.625, 0.375, 0.625]
    assert poles([0.6, 0.4, 0.5, 0.59, 0.41]) == [1, 0, 0.5, 0.5, 0.5]


def test_if_all_are_neutral_the_most_extreme_alone_count():
    assert poles([0.5, 0.59, 0.45]) == [0.5, 1, 0.5]
    assert poles([0.5, 0.51, 0.41, 0.41]) == [0.5, 0.5, 0, 0]
    with pytest.raises(ValueError, match="no dimension is preferred"):
        poles([0.5] * 90)


def test_polarity_is_by_name():
    young, old = one(i0=1), one(i0=0)
    assert young.background.age < 40 and old.background.age >= 50
    assert young.provenance.dims_used == ("young",) and old.provenance.dims_used == ("older",)
    assert one(i1=1).background.gender == "female" and one(i1=0).background.gender == "male"
    assert one(i2=1).personality.big5.N == 0.9 and one(i2=0).personality.big5.N == 0.1
    assert [
        getattr(one(**{f"i{index}": 1}).personality.big5, trait) for trait, index in zip("EOAC", (3, 4, 5, 6), strict=True)
    ] == [0.9] * 4
    assert one(i10=1).economic.risk_aversion == 0.2 and one(i10=0).economic.risk_aversion == 0.8
    assert one(i11=1).economic.saving_habit == 0.8 and one(i11=0).economic.saving_habit == 0.2
    assert one(i16=1).expression.verbosity_units < one(i16=0).expression.verbosity_units
    assert one(i15=1).expression.directness == 5 and one(i15=0).negotiation.style == "avoiding"


def test_needs_values_and_interests_are_the_positive_poles_with_their_bounds():
    person = one(**{f"i{index}": 1 for index in range(23, 90)})
    assert (len(person.needs), len(person.values), len(person.interests)) == (5, 5, 6)
    assert person.needs[0] == "order" and person.values[0] == "harmlessness" and person.interests[0] == "science"
    assert one(i39=1).needs == ("play",) and one(i89=1).interests == ("fashion",) and one(i89=0).interests == ()


@pytest.mark.parametrize("value", [0.7, True, "1", None, float("nan"), -1])
def test_other_values_are_rejected(value):
    wrong = copy.deepcopy(RECORDS[0])
    wrong["Pair-wise Comparative Feedback"][0]["Preference Direction"][5] = value
    assert "is not 0, 0.5 or 1" in personas([wrong])[1][0].reason


@pytest.mark.parametrize("wrong", [None, [], "text", {}, {"Pair-wise Comparative Feedback": [1, 2, 3, 4]}])
def test_what_is_no_record_is_rejected_with_a_reason(wrong):
    accepted, rejected = personas([wrong])
    assert accepted == () and len(rejected) == 1 and rejected[0].reason


def test_no_text_of_a_record_is_taken_over():
    source = {"comment": "one two three four five six seven eight nine"}
    assert shares_words("He said one two three four five six seven eight and left", source)
    assert not shares_words("one two three four five six seven and eight", source)
    for person in personas(RECORDS)[0]:
        assert "somebody who writes short notes" not in person.model_dump_json()
