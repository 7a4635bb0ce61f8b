"""`state_mode: full`: a user that writes its whole profile anew in every turn, as the paper's does."""

import json

import pytest
from usersim_call_cases import Listening, gym, step, task, turn
from usersim_trace_cases import AGENT, CONCERNS, SCENE, context, legal_trace

from envs.conversation import converse, drive
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.state.transition import advance
from envs.usersim.trace.errors import worst
from envs.usersim.trace.parser import parse
from envs.usersim.trace.render import render
from envs.usersim.trace.rewrite import rewritten
from envs.usersim.users.speaker import Oracle

CONTEXT = context()
NEW = {"id": "M2", "tier": "minor", "text": "who is calling", "status": "open", "importance": 2}


def parts(text):
    """What is before the state, the state as data, and what is after it."""
    head, _, rest = text.partition("<state>")
    state, _, tail = rest.partition("</state>")
    return f"{head}<state>", json.loads(state), f"</state>{tail}"


def edited(text, **values):
    """A turn with other values in its profile."""
    head, state, tail = parts(text)
    return head + json.dumps({**state, **values}) + tail


PLAIN = next(trace for trace in map(legal_trace, range(100)) if not trace.new_count)
LEGAL = render(rewritten(PLAIN, CONTEXT.profile), "rewrite")
LISTED = parts(LEGAL)[1]["target_list"]
STATE = parts(LEGAL)[1]["state"]


def read(**values):
    return parse(edited(LEGAL, **values), CONTEXT, profile="rewrite")


def after(result):
    """The profile that a turn leads to, and what the transition says of it."""
    trace = result.trace
    return advance(CONTEXT.profile, AGENT, trace.delta, SCENE, utterance=trace.answer, move=trace.move, touched=trace.touched)


def test_a_rewrite_comes_back_as_it_was():
    for seed in range(300):
        trace = rewritten(legal_trace(seed), CONTEXT.profile)
        result = parse(render(trace, "rewrite"), CONTEXT, profile="rewrite")
        assert result.trace == trace, (seed, result.errors)
    with pytest.raises(ValueError, match="this turn has a delta"):
        render(legal_trace(0), "rewrite")


def test_the_profile_becomes_what_is_written():
    """Values jump, concerns are settled by nobody, reworded or gone, memory is another: none of which a delta could do."""
    listed = [{**LISTED[0], "status": "resolved", "text": "the price", "importance": 1}]
    memory = [{"mid": "s9", "text": "I once won a prize.", "about": "luck", "valence": 2}]
    values = dict(zip(STATE, (10, 0, 9, 1), strict=True))
    policy = {"core_issue": "P1", "topic_plan": "the price and nothing else"}
    result = read(target_list=listed, scenario_memory=memory, state=values, decision_policy=policy)
    assert result.errors == ()
    profile, report = after(result)
    (only,) = profile.target_list
    assert (only.id, only.status, only.text, only.importance) == ("P1", "resolved", "the price", 1) and not only.answered
    assert only.resolution_test == CONTEXT.profile.target_list[0].resolution_test, "what settles a concern is not the user's"
    assert [item.text for item in profile.scenario_memory] == ["I once won a prize."] and profile.state.trust == 10
    assert (profile.decision_policy.core_issue, profile.decision_policy.topic_plan) == ("P1", "the price and nothing else")
    assert "goal_met" in report.holding and DynamicProfile.load(profile.dump()) == profile


def test_time_goes_on_whatever_is_written():
    worn = context(state={"trust": 4, "emotion": 4, "patience": 5, "participation": 5})
    last = worn.profile.but(turn=SCENE.tau - 1)
    trace = rewritten(PLAIN, last)
    profile, _ = advance(last, AGENT, trace.delta, SCENE, utterance=trace.answer, move=trace.move)
    assert profile.clock.ticks == 1 and profile.state.patience == trace.delta.rewrite.state["patience"] - 1


def test_new_concerns_take_the_gates_leave_and_something_is_always_left():
    text = edited(LEGAL, target_list=[NEW], decision_policy={"core_issue": "", "topic_plan": ""})
    result = parse(text.replace('new="0"', 'new="1"'), CONTEXT, profile="rewrite")
    assert result.errors == ()
    told = {"utterance": result.trace.answer, "move": result.trace.move}
    open_, _ = advance(CONTEXT.profile, AGENT, result.trace.delta, SCENE, **told)
    shut, report = advance(CONTEXT.profile, AGENT, result.trace.delta, SCENE, excited=False, **told)
    assert [(concern.id, concern.resolution_test) for concern in open_.target_list] == [("M2", NEW["text"])]
    assert [concern.id for concern in shut.target_list] == [concern["id"] for concern in CONCERNS]
    assert report.rejected == ("new concern",)


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("E15", {"mood": 3}),
        ("E15", {"state": {"trust": 4}}),
        ("E15", {"state": {**STATE, "trust": "4"}}),
        ("E16", {"state": {**STATE, "trust": 11}}),
        ("E16", {"target_list": []}),
        ("E16", {"target_list": [*LISTED, *({**NEW, "id": f"M{number}"} for number in range(2, 10))]}),
        ("E15", {"target_list": [{**LISTED[0], "tier": "vital"}]}),
        ("E15", {"target_list": [{**LISTED[0], "tier": "minor"}]}),
        ("E16", {"target_list": [{**LISTED[0], "importance": 6}]}),
        ("E15", {"target_list": [{**LISTED[0], "text": " "}]}),
        ("E18", {"target_list": [LISTED[0], LISTED[0]]}),
        ("E17", {"target_list": [*LISTED, {**NEW, "id": "M7"}]}),
        ("E18", {"target_list": [*LISTED, {**NEW, "status": "resolved"}]}),
        ("E16", {"target_list": [*LISTED, NEW]}),
        ("E17", {"decision_policy": {"core_issue": "P9", "topic_plan": ""}}),
        ("E15", {"decision_policy": {"core_issue": "P1"}}),
        ("E15", {"scenario_memory": {}}),
        ("E16", {"scenario_memory": [{"mid": f"s{n}", "text": "x", "about": "y", "valence": 0} for n in range(9)]}),
        ("E15", {"scenario_memory": [{"mid": "s1", "text": "x", "about": "y", "valence": 0}] * 2}),
        ("E16", {"scenario_memory": [{"mid": "s1", "text": "x", "about": "y", "valence": 3}]}),
        ("E16", {"scenario_memory": [{"mid": "s1", "text": "x" * 1001, "about": "y", "valence": 0}]}),
        ("E19", {"end": True}),
        ("E21", {"traps": [{"id": "T09", "quote": "only until six"}]}),
    ],
)
def test_errors_of_a_rewritten_profile(code, values):
    result = read(**values)
    found = [error.code.name for error in result.errors]
    assert code in found and result.level == worst(error.code for error in result.errors), result.errors


def test_a_call_goes_as_it_goes_with_deltas():
    """The oracle writes down what it would have changed: the profile is the same after the call, and so is what was paid."""
    changes, whole = gym(), gym(state_mode="full")
    one, other = (drive(converse(each, each.first_view, Oracle(0))) for each in (changes, whole))
    assert "all of it anew" in whole.first_view.system and "all of it anew" not in changes.first_view.system
    assert one.score == other.score == 1
    assert [turn.result.rewards for turn in one.turns] == [turn.result.rewards for turn in other.turns]
    ends = [each.profile.but(decision_policy=changes.profile.decision_policy).dump() for each in (changes, whole)]
    assert ends[0] == ends[1], "but for the core issue, which this user leaves as it was"


@pytest.mark.parametrize("written", ["settled", "gone", "light"])
def test_what_is_written_down_is_not_reached_by_that(written):
    """A score counts the concerns of the start that the agent has answered, with the weight that they had then."""
    played = gym(state_mode="full", made=task())
    step(played, turn(played))
    head, state, tail = parts(turn(played))
    first, *others = state["target_list"]
    listed = {
        "settled": [{**one, "status": "resolved"} for one in (first, *others)],
        "gone": [{**first, "status": "resolved"}],
        "light": [{**first, "status": "resolved"}, *({**one, "importance": 1, "status": "resolved"} for one in others)],
    }[written]
    policy = {**state["decision_policy"], "core_issue": ""}
    text = head + json.dumps({**state, "target_list": listed, "decision_policy": policy}) + tail
    step(played, text)
    if not played.profile.clock.ended:
        head, state, tail = parts(turn(played))
        step(played, head + json.dumps({**state, "end": True, "end_reason": "goal_met"}) + tail)
    assert played.profile.clock.ended == "goal_met" and played.score() == 5 / 9, "the agent has answered the first alone"


def test_another_concern_under_an_old_id_is_no_part_of_the_goal():
    """Everything goes, an easy concern gets the first one's id and is answered: that counts neither way."""
    played = gym(state_mode="full", gate=False, made=task(), partner=Listening("So about that plan, what do you say?"))
    easy = {"id": "P1", "tier": "primary", "text": "the plan", "status": "open", "importance": 5}
    other = {**easy, "id": "M1", "tier": "minor", "text": "who is calling"}
    policy = {"core_issue": "", "topic_plan": ""}

    def say(listed, new, **values):
        written = edited(turn(played), target_list=listed, decision_policy=policy, **values)
        result = step(played, written.replace('new="0"', f'new="{new}"').replace('touched="P1"', 'touched=""'))
        assert result.info["level"] in ("OK", "SOFT") and not result.info["rejected"], result.info

    say([other], 1)
    say([other, easy], 1)
    say([easy], 0)
    (now,) = played.profile.target_list
    assert now.id == "P1" and now.answered
    say([{**easy, "status": "resolved"}], 0, end=True, end_reason="goal_met")
    assert played.profile.clock.ended == "goal_met" and played.score() == 0
