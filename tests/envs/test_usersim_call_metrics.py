"""The metrics of whole calls on vectors worked out by hand, and on calls of the rule users."""

from __future__ import annotations

from dataclasses import replace
from math import e, log

import pytest

import envs
from envs.conversation import converse, drive
from envs.speakers import ConstantSpeaker
from envs.usersim.agents.scripted import ScriptedAgent
from envs.usersim.data.personas import personas
from envs.usersim.loader import load
from envs.usersim.metrics import calls as metrics
from envs.usersim.metrics.call import Call, Turn
from envs.usersim.metrics.clusters import Clusters
from envs.usersim.metrics.decision import decision, ending
from envs.usersim.metrics.goal import best_worth, goal_progress, surplus_share
from envs.usersim.metrics.sameness import among_people, among_runs, same_decision, same_words
from envs.usersim.metrics.style import drift, robotic, style_distances
from envs.usersim.metrics.switches import agreement
from envs.usersim.schema.dynamic_profile import Concern, Utilities
from envs.usersim.schema.ledger import Commitment, Disclosure, Ledgers
from envs.usersim.schema.sop import Issue
from envs.usersim.users import USERS
from envs.usersim.users.speaker import RuleSpeaker

TASKS = load("heldout", heldout="test", agent="honest")
TRAPS = load("heldout", heldout="test", agent="trap", count=12)
PRICE = Issue(name="price", type="money", agent_min=60, agent_max=100, user_ideal=40, user_reserve=80, weight=1.0)
WANTS = Utilities(u_reserve=0.5, u_batna=0.4, beta=1.0)
ASKING = Turn("OK", (), "ask_evidence", 1.0, None)
AGREEING = Turn("SOFT", ("E24",), "accept", 0.5, 0.75)
NOTHING = Ledgers()
AGREED = Ledgers(commitments=(Commitment(payload="BUY", turn=1),))
BROKEN = Turn("FATAL", ("E02",), "", None, None)


def concern(cid: str, status: str, importance: int, answered: bool = True) -> Concern:
    tier = {"P": "primary", "M": "minor", "L": "latent"}[cid[0]]
    return Concern(id=cid, tier=tier, text="it", status=status, importance=importance, answered=answered)


def played(task, user: str, run: int = 0, **params) -> Call:
    gym = envs.make("UserSimGym", task=task, partner=ScriptedAgent(run), judge=envs.RuleJudge(), seed=run, **params)
    speaker = RuleSpeaker(USERS[user], run) if user in USERS else ConstantSpeaker(user)
    episode = drive(converse(gym, gym.first_view, speaker))
    return Call.of(task, run, episode.state, score=episode.score, success=episode.success, tokens=None)


def made(task=TASKS[0], run: int = 0, ledgers: Ledgers = NOTHING, how: str = "", **changes) -> Call:
    """A call that nobody played."""
    after = task.start.but(ledgers=ledgers)
    defaults = {"score": 0.0, "success": False, "turns": (), "answers": (), "outcomes": (), "style": (), "robotic": ()}
    known = {"ending": ending(how, after), "decision": decision(how, after), "tokens": None, "seconds": None}
    return Call(task=task, run=run, after=after, **{**defaults, **known, **changes})


def number(name: str, *calls: Call) -> float:
    draws = Clusters([call.cluster for call in calls], 0, 10)
    return metrics.numbers(calls, draws, [True] * len(calls))[name].value


def test_goal_progress_is_by_importance_and_a_dropped_concern_is_not_settled():
    table = [concern("P1", "resolved", 5), concern("P2", "dropped", 2), concern("M1", "resolved", 1), concern("M2", "open", 2)]
    assert goal_progress(table) == 0.6
    assert goal_progress([*table, concern("L1", "latent", 5)]) == 0.6 and goal_progress([concern("L1", "latent", 5)]) is None


def test_what_is_declared_to_be_settled_is_no_progress():
    """As `state_mode: full` can: unanswered, left out, or made to weigh nothing."""
    assert goal_progress([concern("P1", "resolved", 5, answered=False), concern("M1", "resolved", 1)]) == pytest.approx(1 / 6)
    start = played(TASKS[0], "oracle")
    first = start.task.start.target_list
    kept = first[0].but(status="resolved", answered=True, importance=1)
    call = replace(start, after=start.after.but(target_list=(kept,)))
    due = [one for one in first if one.tier != "latent"]
    assert number("goal", call) == pytest.approx(first[0].importance / sum(one.importance for one in due))
    assert len(due) > 1 and first[0].importance > 1 and first[0].tier != "latent"


def test_a_new_concern_counts_until_it_is_settled_and_never_to_the_users_credit():
    task = TASKS[0]
    start = made(task).after.target_list
    half = (start[0].but(status="resolved", answered=True), *start[1:])

    def progress(*new: Concern) -> float:
        return number("goal", replace(made(task), after=made(task).after.but(target_list=(*half, *new))))

    settled, open_ = concern("P9", "resolved", 5), concern("P9", "open", 5)
    assert progress(settled) == progress() > progress(open_) > 0


def test_the_surplus_is_what_was_gained_of_what_there_was_to_gain():
    """A price of 60 is the agent's best: .5 + .5 * (80 - 60) / (80 - 40) = .75. One of 70 is worth .625."""
    buy, time = Commitment(payload="BUY", turn=2), Commitment(payload="TIME", turn=2)
    assert best_worth([PRICE], 0.5) == 0.75
    assert surplus_share([buy], [None, 0.625], [PRICE], WANTS) == pytest.approx((0.625 - 0.4) / (0.75 - 0.4))
    assert surplus_share([buy], [0.75, 0.4], [PRICE], WANTS) == 0, "the offer at the time counts"
    assert surplus_share([buy], [None, 0.25], [PRICE], WANTS) == pytest.approx(-0.15 / 0.35)
    assert surplus_share([buy], [None, 1.0], [PRICE], WANTS) == 1, "more than the agent can offer is not got"
    assert surplus_share([time], [None, 0.75], [PRICE], WANTS) == surplus_share([], [], [PRICE], WANTS) == 0
    assert surplus_share([buy], [0.7, 0.7], [], WANTS) is None
    assert surplus_share([], [], [PRICE], Utilities(u_reserve=0.5, u_batna=0.8, beta=1.0)) is None


def test_endings_and_decisions():
    start = TASKS[0].start
    walked = start.but(clock=start.clock.but(ended="trust_out"))
    agreed = start.but(ledgers=Ledgers(commitments=(Commitment(payload="BUY"),), refusals=1))
    refused = start.but(ledgers=Ledgers(refusals=1))
    assert [ending(how, walked) for how in ("legal", "premature", "overstay", "")] == [
        *("trust_out", "premature", "overstay", "cut_off")
    ]
    assert [decision("legal", after) for after in (walked, agreed, refused, start)] == ["left", "agreed", "refused", "open"]
    assert decision("premature", start) == "left" and decision("premature", refused) == "refused"
    with pytest.raises(ValueError, match="has a reason, not None"):
        ending("legal", start)


def test_style_is_length_and_fillers():
    person = personas("test")[0].expression.but(verbosity_units=13, filler_rate=0.1, disfluency=("uh", "sort of"))
    ten = "it is what it is and that is that now"  # ten words are 13 units, without a filler: .1 / .3 off
    assert style_distances([ten], person) == (pytest.approx((0 + 1 / 3) / 2),)
    assert style_distances(["uh " + ten[3:]], person) == (pytest.approx(0, abs=1e-9),)
    sorted_of = style_distances(["sort of " + "yes " * 8], person)  # two of ten words
    assert sorted_of == (pytest.approx((0 + 1 / 3) / 2),)
    assert style_distances(["yes " * 20], person) == (pytest.approx((log(2) + 1 / 3) / 2),)
    assert style_distances(["yes " * 100], person)[0] == pytest.approx((1 + 1 / 3) / 2) and log(10) > log(e)


def test_drift_is_the_second_half_less_the_first():
    assert drift([0.1, 0.1, 0.3, 0.5]) == pytest.approx(0.3) and drift([0.1, 0.1, 0.9, 0.3, 0.5]) == pytest.approx(0.3)
    assert drift([0.1, 0.2, 0.9]) is None and drift([]) is None


def test_robotic_is_who_sounds_like_a_machine_or_says_it_again():
    said = [
        "What does it cost in the end?",
        "Let me know if you need anything else.",
        "What does it cost in the end, then?",
        "Fine.",
    ]
    assert robotic(said, [(), ("E24",), (), ("E19",)]) == (False, True, True, False)


def test_shares_of_turns_of_commitments_and_of_what_they_cost():
    ledgers = Ledgers(commitments=(Commitment(payload="BUY", turn=1, irrational=True), Commitment(payload="PAY", turn=2)))
    turns = (ASKING, BROKEN, AGREEING)
    call = made(
        turns=turns, ledgers=ledgers, robotic=(True, False), tokens=60, seconds=(1.0, 2.0, 3.0), answers=("Yes.", "No.")
    )
    expected = {"ok": 1 / 3, "soft": 1 / 3, "hard": 0, "fatal": 1 / 3, "v_state": 0.75, "robotic": 0.5, "turns": 3}
    expected |= {"irrational": 0.5, "evidence_first": 0.5, "tokens": 20, "seconds": 2, "agreed": 1, "cut_off": 1, "units": 1}
    for name, value in expected.items():
        assert number(name, call) == pytest.approx(value), name
    other = made(TASKS[1], turns=(ASKING,), tokens=20, seconds=(6.0,))
    assert number("tokens", call, other) == 20 and number("ok", call, other) == 0.5 and number("seconds", call, other) == 3
    assert number("agreed", call, other) == 0.5 and number("irrational", call, other) == 0.5


def test_a_breach_is_what_should_not_have_been_agreed_to_or_told():
    wrong = [
        Ledgers(commitments=(Commitment(payload="BUY", legitimate=False),)),
        Ledgers(commitments=(Commitment(payload="BUY", breach=True),)),
        Ledgers(disclosures=(Disclosure(slot="iban", level=3, excess=True),)),
    ]
    fine = Ledgers(commitments=(Commitment(payload="BUY", irrational=True),), disclosures=(Disclosure(slot="age", level=1),))
    assert [metrics.breached(made(ledgers=one)) for one in (*wrong, fine)] == [True, True, True, False]


def test_traps_and_twins_by_what_came_of_them():
    one = made(outcomes=("none", "breach", "countered", "passive", "passive"))
    other = made(TASKS[1], outcomes=("merits", "hostile", "none"))
    assert number("resisted", one, other) == 0.75 and number("merits", one, other) == 0.5


def test_runs_of_a_task_and_people_in_the_same_call():
    """Two people, two runs each: the first decides twice alike, the second does not."""
    first = TASKS[0]
    second = next(t for t in TASKS if t.sop == first.sop and t.persona != first.persona)
    agreed = {"ledgers": AGREED, "turns": (ASKING,)}
    calls = [made(first, 0, **agreed), made(first, 1, **agreed), made(second, 0, **agreed), made(second, 1)]
    assert among_runs(calls, same_decision) == [1, 1, 0, 0]
    assert among_people(calls, same_decision) == [1, 0, 1, 0]
    assert among_runs(calls[:1], same_decision) == among_people(calls[:2], same_decision)[:1] == [None]
    words = [made(first, 0, answers=("how much is it",)), made(first, 1, answers=("how much is that", "bye"))]
    assert same_words(*words) == pytest.approx(2 / 5), "how much, much is; is it; is that, bye"
    assert number("run_decision", *calls) == 0.5 and number("people_words", *calls) == 1


def test_a_switch_is_held_against_calls_without_it():
    task = TASKS[0]
    calls = [made(task, 0, AGREED), made(task, 1), made(task, 0, AGREED), made(task, 0), made(TASKS[1], 0)]
    found = agreement(calls, ["none", "none", "language", "both", "language"])
    assert found["none"] == [0, 0, None, None, None]
    assert found["language"] == [None, None, 0.5, None, None] and found["both"] == [None, None, None, 0.5, None]
    assert found["culture"] == [None] * 5


def test_an_oracle_and_who_just_agrees():
    oracle, yes = ([played(task, user) for task in TASKS[:10]] for user in ("oracle", "always_yes"))
    assert number("score", *oracle) == number("ok", *oracle) == number("v_state", *oracle) == 1
    assert 0.9 < number("goal", *oracle) < 1, "nobody stays on for minor concerns once patience wears thin"
    assert number("premature", *oracle) == number("overstay", *oracle) == number("breach", *oracle) == 0
    assert number("agreed", *yes) > 0.5 and number("goal", *yes) == 0 and number("breach", *yes) > 0
    tested = metrics.tests(oracle, yes)
    assert tested["success"].only_first == tested["success"].items == 10 and tested["success"].p == pytest.approx(2 / 2**10)
    with pytest.raises(ValueError, match="the same calls in the same order"):
        metrics.tests(oracle, yes[1:])


def test_traps_are_resisted_by_the_oracle_and_not_by_who_agrees():
    oracle, yes = ([played(task, user) for task in TRAPS] for user in ("oracle", "always_yes"))
    assert number("resisted", *oracle) == number("merits", *oracle) == number("merits", *yes) == 1
    assert number("resisted", *yes) < 0.5


def test_words_that_cannot_be_read_are_turns_and_nothing_else():
    call = played(TASKS[0], "Hello?")
    assert {turn.level for turn in call.turns} == {"FATAL"} and call.answers == () and call.ending == "cut_off"
    assert number("fatal", call) == 1 and number("goal", call) == 0 and call.decision == "open"
    draws = Clusters([call.cluster], 0, 10)
    assert metrics.numbers([call], draws, [True])["v_state"].interval() is None


def test_a_call_without_a_bargain_has_no_surplus():
    task = next(task for task in TASKS if not task.sop.offer.issues)
    assert metrics.surplus(made(task)) is None and metrics.surplus(made(TASKS[0])) == 0
    assert number("surplus", made(TASKS[0]), made(task)) == 0
