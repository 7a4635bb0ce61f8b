"""The data of the reasoning user: enough of it, accepted by its checks, and nothing of one split in another."""

import itertools
import json
import random
from collections import Counter

import pytest
from pydantic import ValidationError

from envs.base import Message, View
from envs.conversation import drive
from envs.usersim.agents.scripted import ScriptedAgent
from envs.usersim.data import checks, splits
from envs.usersim.data.coherence import RULES, violations
from envs.usersim.data.culture import cultures, in_language, of_culture
from envs.usersim.data.dry_run import Run, runs
from envs.usersim.data.files import read
from envs.usersim.data.goals import Goal, bare_sop, goals, remembered
from envs.usersim.data.memory import memory
from envs.usersim.data.pairs import CAP, implausible, pairs
from envs.usersim.data.personas import COUNT, MOST_ALIKE, RENAMED, SEED, generate, objection, personas, text_of
from envs.usersim.data.sop_checks import localised_objections, sop_objections
from envs.usersim.data.sops import HELD_OUT, SPLITS, domain, hooks, sop, sops
from envs.usersim.schema.enums import DOMAINS, PAYLOADS
from envs.usersim.schema.sop import Sop
from envs.usersim.schema.static_profile import StaticProfile
from envs.usersim.state.initial import initial
from envs.usersim.state.similarity import cosine
from envs.usersim.task import AgentBrief
from envs.usersim.traps.bank import bank
from envs.usersim.traps.checks import repeats

CALL = sop("cs.broadband.01")


def changed(person: StaticProfile, **parts: dict[str, object]) -> StaticProfile:
    """A person with other values in some parts."""
    data = person.dump()
    for part, values in parts.items():
        data[part] = {**data[part], **values}
    return StaticProfile.load(data)


def edited(call: Sop, path: str, value: object) -> Sop:
    """An SOP with another value at a path of keys and indices."""
    data = call.dump()
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = data
    for step in steps:
        place = place[step]
    place[last] = value
    return Sop.load(data)


def test_there_is_enough_of_everything():
    assert len(personas()) >= 60 and sum(len(personas(split)) for split in SPLITS) == len(personas())
    by_domain = Counter(domain(one) for one in sops())
    assert all(by_domain[name] >= 2 for name in (*DOMAINS[:-1], *HELD_OUT))
    assert len(sops()) - sum(by_domain[name] for name in HELD_OUT) >= 12
    assert {one.locale for one in sops(None, None)} == {"en-US", "zh-CN"} and len(sops(None, "zh-CN")) == 2
    assert len(goals()) >= 5 and len(read("alignx_dims.json")) == 90


def test_held_out_domains_are_in_the_test_split_alone():
    assert {domain(one) for split in ("train", "dev") for one in sops(split)}.isdisjoint(HELD_OUT)
    assert {domain(one) for one in sops("test")} >= set(HELD_OUT)


def test_what_is_shipped_passes_every_check_but_for_candidates_pairs_and_starts():
    stages = {stage.stage: stage for stage in checks.report()}
    assert {name for name, stage in stages.items() if stage.rejected} == {"S1 personas", "S3 pairs", "S4 starts"}
    assert set(stages["S1 personas"].reasons) <= {*RULES, "near-duplicate", "schema"}
    assert stages["S1 personas"].accepted == COUNT and len(stages["S1 personas"].rejected) > 10
    assert set(stages["S3 pairs"].reasons) == {"implausible"}
    assert set(stages["S4 starts"].reasons) == {"hangs up"}, "every profile that is drawn is valid"


def test_splits_share_nothing_and_generated_data_is_what_it_was():
    assert splits.overlaps() == ()
    assert all(splits.keys(split)[kind] for split in SPLITS for kind in splits.KINDS)
    assert splits.manifest() == read("manifest.json"), "run python -m envs.usersim.data.splits"


def test_an_overlap_would_be_found(monkeypatch):
    monkeypatch.setattr(splits, "keys", lambda split: {kind: frozenset({"one", split}) for kind in splits.KINDS})
    assert splits.overlaps()[0] == ("persona", "train", "dev", 1) and len(splits.overlaps()) == 12


def test_personas_are_deterministic_and_different():
    again = generate.__wrapped__(12, SEED)[0]
    assert [one.persona_id for one in again] == [one.persona_id for one in personas()[:12]]
    differ = [ours.persona_id for drawn, ours in zip(again, personas(), strict=False) if drawn != ours]
    assert set(differ) <= RENAMED.keys() and changed(again[0], background={"name": "Selma Abendroth"}) == personas()[0]
    assert generate.__wrapped__(12, SEED + 1)[0] != personas()[:12]
    assert max(cosine(text_of(a), text_of(b)) for a, b in itertools.combinations(personas(), 2)) <= MOST_ALIKE


def test_a_name_or_a_turn_that_is_there_twice_is_found():
    one, other = personas("train")[0], personas("test")[0]
    twin = changed(other, background={"name": one.background.name})
    found = dict(checks.name_objections({"train": (one, one), "dev": (), "test": (other,)}))
    assert found == {one.persona_id: [], other.persona_id: []}, "within a split two people may have one name"
    found = dict(checks.name_objections({"train": (one,), "dev": (), "test": (twin,)}))
    assert found == {key: [f"name: {one.background.name} is in test and train"] for key in (one.persona_id, twin.persona_id)}
    first, *_ = items = bank("dev")
    again = first.but(item_id="again", opening=())
    level, person = again.but(level=3, item_id="level"), again.but(persona_id="p", item_id="person")
    assert repeats(items) == {} and repeats((*items, again, level, person)) == {"again": first.item_id}
    assert list(checks.bank_objections((first, again)))[1] == ("again", [f"repeat: of {first.item_id}"])


BREAKS = {
    "R1": {"background": {"occupation": "retired chemist", "age": 30, "education": "doctorate", "income_band": "high"}},
    "R2": {"background": {"occupation": "pharmacist", "education": "left school early"}},
    "R3": {"background": {"income_band": "low", "housing": "owns a house with a large garden"}},
    "R4": {"expression": {"verbosity_units": 34, "speech_rate": 1}},
    "R5": {
        "expression": {"phrases": ["Let me write that down.", "Which page?", "In that order, please."]},
        "personality": {"big5": {"O": 0.5, "C": 0.1, "E": 0.5, "A": 0.5, "N": 0.5}, "mbti": None},
    },
    "R7": {"background": {"household": "lives with a partner", "marital_status": "widowed"}},
    "R8": {"personality": {"big5": {"O": 0.5, "C": 0.9, "E": 0.9, "A": 0.5, "N": 0.5}, "mbti": "INFP"}},
}


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_rejects_who_does_not_hold_together(rule):
    assert violations(personas()[0]) == ()
    assert rule in {one.split(":")[0] for one in violations(changed(personas()[0], **BREAKS[rule]))}


def test_hard_facts_may_not_contradict_the_background():
    person = personas()[0]
    for key, value in (("birth_year", "1900"), ("household_income", "a million a month"), ("children", "9")):
        facts = tuple(fact.but(value=value) if fact.key == key else fact for fact in person.hard_facts)
        assert any(one.startswith("R6") for one in violations(person.but(hard_facts=facts)))


def test_near_duplicates_are_rejected():
    person = personas()[0]
    renamed = changed(person, background={"name": "Somebody Else"})
    assert objection(renamed, [person]).startswith("near-duplicate") and not objection(person, personas()[1:])


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("process/steps/0/text", "It ends on 31 April.", "number"),
        ("knowledge/faq/0/a", "In all it is 7 euros.", "number"),
        ("process/opening", "Hello, only 5 minutes.", "number"),
        ("process/steps/0/fact_ids", ["f1", "z1"], "truth"),
        ("process/steps/1/text", "Listen: you agreed to the renewal on the phone in March.", "leak"),
        ("asks/0/legitimate_if", [], "ask"),
        ("process/steps/5/ask_ids", [], "ask"),
        ("asks/0/legitimate_if", [["evidence:z1"]], "ask"),
        ("offer/zopa", False, "offer"),
        ("offer/no_negotiation", True, "offer"),
        ("offer/issues/0/user_reserve", 26, "offer"),
        ("user_stakes/concerns/0/tier", "minor", "concerns"),
        ("user_stakes/concerns/0/resolved_by", ["f13"], "concerns"),
        ("asks/0/reversible", True, "hook"),
        ("facts/15/truth", "true", "hook"),
        ("facts/5/evidence", "none", "hook"),
    ],
)
def test_an_sop_that_breaks_a_rule_is_not_accepted(path, value, rule):
    assert sop_objections(CALL, hooks(CALL.sop_id)) == []
    found = sop_objections(edited(CALL, path, value), hooks(CALL.sop_id))
    assert rule in {one.split(":")[0] for one in found}


def test_a_localised_sop_keeps_the_truth_and_the_worth():
    chinese = sop("cs.broadband.01.zh-CN")
    assert localised_objections(chinese, CALL) == []
    assert localised_objections(edited(chinese, "offer/issues/0/user_reserve", 150), CALL) == ["localised: worth differ"]
    assert localised_objections(edited(chinese, "facts/3/truth", "unknown"), CALL) == ["localised: facts differ"]


@pytest.mark.parametrize("call", sops(None, None), ids=lambda call: call.sop_id)
def test_an_honest_agent_and_the_oracle_reach_success_in_time(call):
    calls = runs(call, 5)
    assert checks.dry_run_objections(calls) == [] and all(one.turns <= call.process.max_turns for one in calls)
    assert runs(call, 2) == calls[:2]


def test_a_dry_run_that_fails_is_an_objection():
    calls = [Run("s", "p", None, 12, False), Run("s", "q", "patience_out", 2, False), Run("s", "r", "goal_met", 5, True)]
    assert checks.dry_run_objections(calls) == ["dry run: 1 of 3, otherwise None, patience_out"]
    assert checks.dry_run_objections(calls[1:]) == []


def test_room_for_agreement_is_declared_both_ways():
    declared = [one.offer.zopa for one in sops() if one.offer.issues]
    assert 0.6 <= sum(map(bool, declared)) / len(declared) <= 0.8 and not all(declared)
    assert {ask.payload for one in sops() for ask in one.asks} == set(PAYLOADS)


def test_language_and_culture_are_separate_switches():
    person = personas()[3]
    abroad, speaking = of_culture(person, "zh-CN"), in_language(person, "zh-CN")
    assert abroad.but(culture=person.culture) == person and abroad.culture["preset"] == "zh-CN"
    assert speaking.culture == person.culture and speaking.locale == "zh-CN"
    for same in ("economic", "negotiation", "susceptibility", "hard_facts", "needs", "personality", "background"):
        assert getattr(speaking, same) == getattr(person, same) == getattr(abroad, same)
    assert all(not phrase.isascii() for phrase in speaking.expression.phrases)
    assert StaticProfile.load(speaking.dump()) == speaking


def test_nobody_is_given_by_a_culture():
    people = [of_culture(person, "de-DE") for person in personas()]
    values = [person.culture["directness"] for person in people]
    assert max(values) - min(values) > 0.3 and of_culture(people[0], "de-DE") == people[0]
    assert set(cultures()) >= {"en-US", "zh-CN"}
    with pytest.raises(KeyError, match="There is no culture 'xx'"):
        of_culture(people[0], "xx")
    with pytest.raises(KeyError, match="no phrases in 'fr-FR'"):
        in_language(people[0], "fr-FR")


def test_pairs_are_plausible_capped_and_spread():
    people, calls = personas("test"), sops("test")
    chosen, unfit = pairs(people, calls, random.Random(0))
    assert max(Counter(at for at, _ in chosen).values()) <= CAP and len(set(chosen)) == len(chosen)
    assert not any(implausible(people[at], calls[of]) for at, of in chosen)
    assert len(chosen) + len(unfit) == len(people) * len(calls) and unfit
    counts = Counter(of for _, of in chosen)
    assert len(counts) == len(calls) and min(counts.values()) >= 8


def test_memory_is_deterministic_and_knows_no_secret():
    for person, call in itertools.product(personas("test")[:6], sops("test", None)):
        items = memory(person, call)
        assert items == memory(person, call) and 3 <= len(items) <= 8
        private = [fact.text.casefold() for fact in call.facts if fact.visibility == "agent_only"]
        assert not any(text in item.text.casefold() for text in private for item in items)


def test_a_goal_is_a_call_without_an_sop():
    for goal in goals():
        call = bare_sop(goal)
        assert call.traps_allowed == () and call.asks == () and call.sop_id not in {one.sop_id for one in sops(None, None)}
        start = initial(personas()[0], call, remembered(personas()[0], goal), 0)
        wished = {concern.text: concern.tier for concern in start.target_list if concern.text in goal.goal}
        assert wished == dict.fromkeys([wish.text for wish in goal.wishes], "primary")
        assert Counter(concern.tier for concern in start.target_list) == {"primary": len(goal.wishes), "minor": 2}
        assert 3 <= len(start.scenario_memory) <= 8 and start.scenario_memory[0].text == goal.goal
        assert not any(wish.reply in json.dumps(start.dump()) for wish in (*goal.wishes, *goal.asides)), (
            "what is answered is not known before"
        )


def test_what_is_asked_about_a_goal_is_answered():
    for call in map(bare_sop, goals()):
        brief = AgentBrief(call, "honest", ())
        for seed in call.user_stakes.concerns:
            view = View("agent", "", (Message("user", f"Right, and {seed.text}?"),), known={"brief": brief})
            assert drive(ScriptedAgent(0).speak(view)).turn.facts == seed.resolved_by, seed.text


def test_a_start_has_as_many_concerns_of_each_tier_as_it_should():
    goal = goals()[0]
    call, person = bare_sop(goal), personas("test")[0]
    assert not any("concerns" in one for one in checks.start_objections(person, call, remembered(person, goal)))
    seeds = call.user_stakes.concerns
    bare = call.but(user_stakes=call.user_stakes.but(concerns=seeds[:1]))
    found = checks.start_objections(person, bare, remembered(person, goal))
    assert found[:2] == ["concerns: 1 primary ones", "concerns: 0 minor ones"]


def test_a_wish_is_part_of_its_goal():
    with pytest.raises(ValidationError, match="'more' is no part of the goal"):
        Goal.load(goals()[0].dump() | {"wishes": [{"text": "more", "reply": "yes"}, {"text": "a price", "reply": "no"}]})


def test_an_unknown_sop_is_named():
    with pytest.raises(KeyError, match=r"There is no SOP 'x'; there are: care.alarm.01"):
        sop("x")
