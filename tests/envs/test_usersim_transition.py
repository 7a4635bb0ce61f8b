"""T: its order of operations, what it refuses, and that it can be replayed."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usersim_cases import MINIMAL, persona, profile, sop

from envs.usersim.schema import enums
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import (
    ClaimUpdate,
    Commit,
    ConcernMove,
    Delta,
    Disclosed,
    Listed,
    NewConcern,
    Rewrite,
    TrapQuote,
)
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.schema.ledger import MOST_ENTRIES
from envs.usersim.state.architecture import seen, shown
from envs.usersim.state.concerns import LEGAL, legal
from envs.usersim.state.scene import Scene
from envs.usersim.state.transition import advance
from envs.usersim.trace.context import Context

SCENE = Scene.of(persona(), sop())
HELLO = AgentTurn("Good afternoon, this is Northbeam.", "greet_identify")
OFFER = AgentTurn("540 a year and 30 days' notice.", "offer", offer={"price": 540, "notice": 30})
ASK = AgentTurn("Shall I set it up?", "request_commitment", asks=("A1",))
PROOF = AgentTurn("540 in total, renewing yearly; the sheet is in your mail.", "inform", facts=("F1",), evidence=("F1",))


def d(trust=0, emotion=0, patience=0, participation=0):
    return {"trust": trust, "emotion": emotion, "patience": patience, "participation": participation}


def step(before=None, agent=HELLO, utterance="Hm.", move="ask_clarify", excited=True, **delta):
    return advance(before or profile(), agent, Delta(**delta), SCENE, utterance=utterance, move=move, excited=excited)


def with_facts(before=None):
    """The minimal profile, its concerns waiting for facts."""
    before = before or profile()
    waits = {"P1": ("F1",), "P2": ("F4",)}
    targets = tuple(c.model_copy(update={"resolved_by": waits.get(c.id, ())}) for c in before.target_list)
    return before.model_copy(update={"target_list": targets})


def test_a_turn_moves_the_state_within_its_bounds():
    after, report = step(d=d(-3, 1, 0, -2))
    assert after.state.model_dump() == {"trust": 1, "emotion": 5, "patience": 5, "participation": 3}
    assert after.turn == 1 and report.holding == {"trust_out"} and not report.rejected
    low, _ = step(after, d=d(-3))
    assert low.state.trust == 0
    for wrong in (d(4), d(3, 3, 1)):
        with pytest.raises(ValueError, match="range"):
            step(d=wrong)


def test_patience_wears_off_every_tau_turns_and_life_interrupts():
    now, patience, participation = profile(), [], []
    for _ in range(6):  # tau is 3, the interruption at turn 4
        now, report = step(now)
        patience.append(now.state.patience)
        participation.append(now.state.participation)
        assert ("interrupted" in report.holding) == (now.turn == 4)
    assert patience == [5, 5, 4, 4, 4, 3] and participation == [5, 5, 5, 4, 4, 4] and now.clock.ticks == 2


def test_a_claim_is_verified_by_evidence_or_by_what_the_user_knows():
    update = ClaimUpdate("c1", "verified", "the plan costs 540 a year in total")
    told, report = step(agent=AgentTurn("It costs 540.", "inform", facts=("F1",)), claims=(update,))
    claim = told.ledgers.claims[0]
    assert (claim.status, claim.topic, claim.turn) == ("supported", "F1", 1) and report.rejected == ("claim c1 verified",)
    proved, report = step(told, agent=PROOF, claims=(ClaimUpdate("c1", "verified"),))
    claim = proved.ledgers.claims[0]
    assert (claim.status, claim.text, claim.turn) == ("verified", update.text, 1) and not report.rejected
    own = ClaimUpdate("c2", "verified", "the bakery has eleven employees")
    assert step(claims=(own,))[0].ledgers.claims[0].status == "verified"
    false = AgentTurn("Up at six.", "pressure", facts=("F3",), evidence=("F3",))
    claimed = step(agent=false, claims=(ClaimUpdate("c3", "verified", "the price goes up at six tonight"),))[0]
    assert claimed.ledgers.claims[0].status == "supported", "what has no evidence cannot be evidenced"


@pytest.mark.parametrize("was", enums.CONCERN_STATUSES)
@pytest.mark.parametrize("to", enums.CONCERN_STATUSES)
def test_concerns_move_as_the_specification_says(was, to):
    edges = {"latent": {"open"}, "open": {"touched", "partial", "resolved"}, "touched": {"partial", "resolved"}}
    edges |= {"partial": {"touched", "resolved"}, "resolved": {"open"}}
    may = to in edges.get(was, ()) or (to == "dropped" and was != "dropped")
    assert legal(was, ConcernMove("P1", to, "because")) == may and (to in LEGAL[was]) == may
    assert legal(was, ConcernMove("P1", to, " ")) == (may and to != "dropped" and (was, to) != ("resolved", "open"))


def test_resolved_takes_an_answer_that_passes_the_test():
    before = with_facts()
    same, report = step(before, concerns=(ConcernMove("P1", "resolved"),))
    assert same.concern("P1").status == "open" and report.rejected == ("concern P1 resolved",)
    done, report = step(same, agent=PROOF, concerns=(ConcernMove("P1", "resolved"),))
    assert done.concern("P1").status == "resolved" and done.decision_policy.core_issue == "P2"
    again, _ = step(done, concerns=(ConcernMove("P1", "open", "they said something else"),))
    assert again.concern("P1").status == "open" and not again.concern("P1").answered
    assert step(again, concerns=(ConcernMove("P1", "resolved"),))[1].rejected, "it was answered before it was opened"


def test_without_facts_the_tests_words_are_looked_for():
    answer = AgentTurn("The total amount is 540, and the renewal rule is yearly.", "answer_question")
    assert step(agent=answer, concerns=(ConcernMove("P1", "resolved"),))[0].concern("P1").status == "resolved"
    assert step(agent=HELLO, concerns=(ConcernMove("P1", "resolved"),))[0].concern("P1").status == "open"
    judged, _ = advance(
        profile(),
        HELLO,
        Delta(concerns=(ConcernMove("P1", "resolved"),)),
        SCENE,
        utterance="Hm.",
        move="accept",
        test=lambda concern, agent: True,
    )
    assert judged.concern("P1").status == "resolved"


def test_new_concerns_are_numbered_on_and_limited():
    new = (NewConcern("primary", "the exit fee", 4), NewConcern("latent", "being fooled", 2))
    after, _ = step(new_concerns=new)
    assert [(c.id, c.status) for c in after.target_list[3:]] == [("P3", "open"), ("L2", "latent")]
    assert step(new_concerns=new, excited=False)[1].rejected == ("new concern",) * 2
    tired = profile(state={"trust": 4, "emotion": 4, "patience": 1, "participation": 5})
    assert len(step(tired, new_concerns=new)[0].target_list) == 3
    now = profile()
    for _ in range(5):
        now, report = step(now, new_concerns=new)
    assert len(now.target_list) == 10 and report.rejected == ("new concern",) * 2


@pytest.mark.parametrize("text", ["what the exit fee is", "the fee"])
def test_a_new_concern_is_resolved_by_a_turn_about_it(text):
    after, _ = step(new_concerns=(NewConcern("primary", text, 4),))
    settling = (ConcernMove("P3", "resolved"),)
    unanswered, report = step(after, agent=PROOF, concerns=settling)
    assert unanswered.concern("P3").status == "open" and report.rejected == ("concern P3 resolved",)
    told, _ = step(after, agent=AgentTurn("The exit fee is 40, once.", "answer_question"), concerns=settling)
    assert told.concern("P3").status == "resolved" and told.concern("P3").answered
    same = step(agent=AgentTurn("The exit fee is 40.", "inform"), new_concerns=(NewConcern("primary", text, 4),))[0]
    assert not same.concern("P3").answered, "what was said before it was a concern is no answer"


def test_what_is_said_and_not_declared_is_entered_all_the_same():
    after, _ = step(agent=ASK, utterance="Fine, sign me up. It's value 3, by the way.", move="accept")
    (made,), (told,) = after.ledgers.commitments, after.ledgers.disclosures
    assert made.undeclared and made.payload == "BUY" and not made.legitimate
    assert told.undeclared and (told.slot, told.level, told.excess) == ("fact3", 3, True)
    after, _ = step(agent=ASK, utterance="Fine, sign me up.", move="accept", commit=(Commit("BUY", "a year"),))
    assert [one.undeclared for one in after.ledgers.commitments] == [False]


def test_a_slot_is_told_too_early_or_in_time():
    early, _ = step(disclosed=(Disclosed("email", 1),))
    proved, _ = step(agent=PROOF, disclosed=(Disclosed("email", 1), Disclosed("bank_account", 3), Disclosed("mood", 1)))
    assert early.ledgers.disclosures[0].excess
    assert [one.excess for one in proved.ledgers.disclosures] == [False, True, False]


def test_taking_less_than_required_is_irrational_and_less_than_the_reserve_a_breach():
    offered, _ = step(agent=OFFER)
    assert offered.ledgers.best == pytest.approx(offered.ledgers.offer.utility) and 0.45 < offered.ledgers.best < 1
    (made,) = step(offered, agent=ASK, commit=(Commit("BUY"),))[0].ledgers.commitments
    assert made.irrational and not made.breach
    dear = AgentTurn("660 then.", "offer", offer={"price": 660})
    (made,) = step(step(agent=dear)[0], agent=ASK, commit=(Commit("BUY"),))[0].ledgers.commitments
    assert made.irrational and made.breach
    ideal = AgentTurn("400, no notice; it is on the sheet.", "offer", offer={"price": 400, "notice": 0}, evidence=("F1",))
    (made,) = step(step(agent=ideal)[0], agent=ASK, commit=(Commit("BUY"),))[0].ledgers.commitments
    assert not made.irrational and not made.breach and made.legitimate


def test_evidence_or_a_concession_corrects_traps():
    trapped, _ = step(agent=ASK, move="refuse", traps=(TrapQuote("T08", "set it up"), TrapQuote("T01", "set it up")))
    assert [trap.response_move for trap in trapped.ledgers.traps] == ["refuse"] * 2 and trapped.ledgers.refusals == 1
    assert "trust_out" in step(trapped)[1].holding
    assert "trust_out" not in step(trapped, agent=PROOF)[1].holding


def test_an_end_without_its_reason_is_premature_and_still_an_end():
    after, report = step(end=True, end_reason="goal_met", move="close")
    assert report.premature and after.clock.ended == "goal_met"
    after, report = step(end=True, move="close")
    assert report.premature and after.clock.ended == "no_reason"
    after, report = step(agent=AgentTurn("Goodbye.", "close"), end=True, end_reason="agent_closed", move="close")
    assert not report.premature and after.clock.ended == "agent_closed"
    with pytest.raises(ValueError, match="ended"):
        step(after)


def test_who_stays_three_turns_too_long_is_shown_out():
    now, ended = profile(state={"trust": 1, "emotion": 4, "patience": 9, "participation": 5}), []
    for _ in range(3):
        now, report = step(now)
        ended.append(now.clock.ended)
    assert ended == [None, None, "overstay"] and report.overstay and not report.premature
    now = profile(state={"trust": 1, "emotion": 4, "patience": 9, "participation": 5})
    for change in (0, 0, 1, 0, 0):  # trust comes back in between
        now, _ = step(now, d=d(change))
    assert now.clock.ended is None and now.clock.out_turns == 0


def test_a_static_architecture_updates_nothing_that_it_shows():
    before, someone = profile(architecture="static"), persona()
    moves = (ConcernMove("P1", "touched"), ConcernMove("L1", "open"))
    changes = {"d": d(-2), "concerns": moves, "new_concerns": (NewConcern("minor", "x", 1),)}
    after, report = step(before, agent=OFFER, **changes)
    assert after.state == before.state and shown(someone, after) == shown(someone, before)
    assert after.turn == 1 and after.ledgers.offer is not None
    assert after.concern("P1").status == "touched" and report.rejected == ("concern L1 open", "new concern")


def test_a_static_profile_keeps_a_record_of_what_is_settled_and_reads_turns_against_what_it_shows():
    now, settled = profile(architecture="static"), []
    for cid in ("P1", "P1", "P2"):
        facts = tuple(fid for concern in now.target_list for fid in concern.resolved_by)
        told = AgentTurn(" ".join(concern.resolution_test for concern in now.target_list), facts=facts)
        assert Context(now, SCENE, (told,)).statuses == {"P1": "open", "P2": "open", "L1": "latent"}
        now, report = step(now, agent=told, concerns=(ConcernMove(cid, "resolved", "told"),))
        settled.append(("goal_met" in report.holding, report.rejected))
    assert settled == [(False, ()), (False, ("concern P1 resolved",)), (True, ())]


def test_a_profile_written_anew_in_a_static_architecture_moves_statuses_alone():
    before = profile(architecture="static")
    said = AgentTurn(before.target_list[0].resolution_test)
    listed = tuple(
        Listed(cid, tier, "mine", to, 1) for cid, tier, to in (("P1", "primary", "resolved"), ("P3", "primary", "open"))
    )
    rewrite = Rewrite((), listed, "", "", dict.fromkeys(enums.STATE_VARS, 5))
    after, _ = step(before, agent=said, rewrite=rewrite)
    assert [(one.id, one.status) for one in after.target_list] == [("P1", "resolved"), ("P2", "open"), ("L1", "latent")]
    again = tuple(Listed(one.id, one.tier, one.text, one.status, one.importance) for one in seen(after))
    later, _ = step(after, rewrite=Rewrite((), again, "", "", rewrite.state))
    assert later.target_list == after.target_list, "what is written as it is shown changes nothing"


moves = st.builds(ConcernMove, st.sampled_from(["P1", "P2", "L1", "P3"]), st.sampled_from(enums.CONCERN_STATUSES), st.text())
deltas = st.builds(
    Delta,
    d=st.fixed_dictionaries({name: st.integers(-1, 1) for name in enums.STATE_VARS}),
    concerns=st.lists(moves, max_size=4).map(tuple),
    new_concerns=st.lists(
        st.builds(NewConcern, st.sampled_from(enums.TIERS), st.text(max_size=20), st.integers(1, 5)), max_size=4
    ).map(tuple),
    claims=st.lists(
        st.builds(ClaimUpdate, st.text(min_size=1, max_size=3), st.sampled_from(enums.CLAIM_STATUSES), st.text()), max_size=4
    ).map(tuple),
    commit=st.lists(st.builds(Commit, st.sampled_from(enums.PAYLOADS), st.text(), st.booleans()), max_size=30).map(tuple),
    disclosed=st.lists(st.builds(Disclosed, st.text(min_size=1, max_size=5), st.integers(0, 3)), max_size=30).map(tuple),
    traps=st.lists(st.builds(TrapQuote, st.sampled_from(list(enums.TRAPS)), st.text()), max_size=30).map(tuple),
)
agents = st.sampled_from([HELLO, OFFER, ASK, PROOF, AgentTurn("Up at six!", "pressure", facts=("F3",), trap="T01")])
turns = st.lists(st.tuples(agents, deltas, st.text(max_size=80), st.sampled_from(enums.MOVES)), min_size=1, max_size=8)


def played(conversation):
    now, states = profile(), []
    for agent, delta, utterance, move in conversation:
        if now.clock.ended:
            break
        now, report = advance(now, agent, delta, SCENE, utterance=utterance, move=move)
        states.append((now, report))
    return states


@settings(max_examples=40, deadline=None)
@given(turns)
def test_whatever_is_said_the_state_is_valid_bounded_and_replayed_exactly(conversation):
    states = played(conversation)
    assert states == played(conversation)
    for now, _ in states:
        again = DynamicProfile.load(json.loads(json.dumps(now.dump())))
        assert again == now
        ledgers = now.ledgers
        assert max(map(len, (ledgers.claims, ledgers.commitments, ledgers.disclosures, ledgers.traps))) <= MOST_ENTRIES
        assert len(now.target_list) <= 10


def test_a_long_conversation_stays_small():
    rng, now = random.Random(0), profile()
    for turn in range(400):
        commits = tuple(Commit(rng.choice(enums.PAYLOADS)) for _ in range(3))
        now, report = step(now, agent=AgentTurn(f"turn {turn}"), d=d(1, 0, 1), commit=commits)
    assert len(now.ledgers.commitments) == MOST_ENTRIES and report.rejected == ("commitment",) * 3
    assert len(json.dumps(now.dump())) < 20_000 and MINIMAL["turn"] == 0
