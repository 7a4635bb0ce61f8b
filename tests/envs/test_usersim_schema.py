"""The schemas of the reasoning user."""

import copy
import json

import pytest
from pydantic import ValidationError
from usersim_cases import MINIMAL, PERSONA, SOP, persona, profile, sop

from envs.usersim.schema import enums
from envs.usersim.schema.delta import Delta
from envs.usersim.schema.predicate import fact_ids, holds


def changed(data, path, value):
    """A copy with one value replaced, or with None removed."""
    data = copy.deepcopy(data)
    *parents, last = path
    place = data
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


def test_the_minimal_instance_is_valid_and_comes_back_as_it_was_written():
    dumped = profile().dump()
    for key, value in MINIMAL.items():
        if key in ("target_list", "ledgers", "utilities", "clock"):
            continue
        assert dumped[key] == value
    for written, kept in zip(MINIMAL["target_list"], dumped["target_list"], strict=True):
        assert written.items() <= kept.items()
    assert MINIMAL["clock"].items() <= dumped["clock"].items()


@pytest.mark.parametrize("record", [persona(), sop(), profile()], ids=lambda record: type(record).__name__)
def test_serialisation_round_trip(record):
    assert type(record).load(json.loads(json.dumps(record.dump()))) == record
    assert record.dump()["schema"].endswith("/v1")
    with pytest.raises(ValidationError):
        record.schema_ = "other"
    with pytest.raises(ValidationError):
        type(record).load({**record.dump(), "more": 1})
    version = record.dump()["schema"]
    with pytest.raises(ValueError, match=f"^schema is 'x/v2', but what is read here is '{version}'$"):
        type(record).load({**record.dump(), "schema": "x/v2"})
    with pytest.raises(ValueError, match=f"^schema is missing, but what is read here is '{version}'$"):
        type(record).load({key: value for key, value in record.dump().items() if key != "schema"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("state", "trust"), 11),
        (("state", "trust"), -1),
        (("target_list", 0, "id"), "P0"),
        (("target_list", 0, "id"), "M1"),
        (("target_list", 1, "id"), "P1"),
        (("target_list", 0, "importance"), 6),
        (("target_list", 0, "status"), "closed"),
        (("decision_policy", "next_move"), "bully"),
        (("decision_policy", "core_issue"), "P9"),
        (("utilities", "beta"), 0),
        (("clock", "ticks"), -1),
        (("scenario_memory", 0, "valence"), 3),
        (("state", "patience"), None),
        (("state", "trust"), True),
        (("turn",), "0"),
        (("turn",), 0.0),
        (("clock", "interrupt_at"), ["4"]),
        (("utilities", "beta"), "1"),
        (("utilities", "u_batna"), float("nan")),
        (("decision_policy", "end_ok"), 1),
        (("ledgers", "offer"), {"turn": 1, "values": {"price": float("inf")}, "utility": 0.5}),
    ],
)
def test_a_wrong_dynamic_profile_is_refused(path, value):
    with pytest.raises(ValidationError):
        type(profile()).load(changed(MINIMAL, path, value))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("background", "age"), 17, "age"),
        (("background", "gender"), None, None),
        (("expression", "filler_rate"), 0.4, "filler_rate"),
        (("expression", "phrases"), ["one"], "phrases"),
        (("life_scenarios", 0, "interrupts"), False, "interrupts"),
        (("hard_facts", 1, "key"), "fact0", "twice"),
        (("negotiation", "beta"), 0.2, "beta"),
        (("personality", "mbti"), "ABCD", "mbti"),
        (("susceptibility", "T12"), 0.5, "T12"),
        (("locale",), "english", "locale"),
    ],
)
def test_a_wrong_persona_is_refused(path, value, said):
    data = changed(PERSONA, path, value)
    if said is None:  # ten of thirteen are enough
        persona(**data)
        said, data = "10", changed(data, ("background", "region"), None)
    with pytest.raises(ValidationError, match=said):
        persona(**data)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("process", "steps", 1, "fact_ids"), ["F9"], "no fact 'F9'"),
        (("process", "steps", 2, "ask_ids"), ["A9"], "no ask 'A9'"),
        (("process", "steps", 1, "sid"), "S1", "step S1 is there twice"),
        (("asks", 0, "legitimate_if"), [["evidence:F9"]], "no fact 'F9'"),
        (("asks", 0, "legitimate_if"), [["perhaps:F1"]], "legitimate_if"),
        (("traps_allowed", 0, "payloads"), ["RATE"], "no payload 'RATE'"),
        (("user_stakes", "concerns", 0, "resolved_by"), ["F9"], "no fact"),
        (("constraints", "sensitive_slots", 1, "allowed_after"), "F9", "no fact"),
        (("facts", 1, "fid"), "F1", "fact F1 is there twice"),
        (("domain",), "catering", "domain"),
        (("offer", "issues", 0, "agent_min"), float("nan"), "finite"),
        (("offer", "issues", 0, "agent_max"), float("inf"), "finite"),
        (("offer", "issues", 0, "agent_max"), "600", "agent_max"),
        (("asks", 0, "reversible"), "yes", "reversible"),
        (("process", "max_turns"), 12.0, "max_turns"),
    ],
)
def test_a_wrong_sop_is_refused(path, value, said):
    with pytest.raises(ValidationError, match=said):
        sop(**changed(SOP, path, value))


def test_the_vocabularies_have_the_sizes_of_the_specification():
    sizes = [len(names) for names in (enums.ACTS, enums.MOVES, enums.TRAPS, enums.PAYLOADS, enums.END_REASONS, enums.DOMAINS)]
    assert sizes == [17, 17, 11, 8, 8, 7]
    assert enums.CHILDREN == ("intent", "concerns", "plan", "update", "tone") and len(set(enums.TRAPS.values())) == 11


def test_a_predicate_is_an_or_of_ands():
    predicate = (("F1", "evidence:F2"), ("stated:F3",))
    assert fact_ids(predicate) == {"F1", "F2", "F3"}
    assert holds(predicate, {"F1", "F2"}, set(), {"F2"}) and holds(predicate, {"F3"}, {"F3"}, set())
    assert not holds(predicate, {"F1", "F2"}, {"F2"}, set()) and not holds(predicate, set(), {"F3"}, {"F2"})
    assert holds(((),), set(), set(), set()) and not holds((), {"F1"}, {"F1"}, {"F1"})


def test_an_empty_delta_changes_nothing():
    assert Delta().d == dict.fromkeys(enums.STATE_VARS, 0) and not Delta().end
