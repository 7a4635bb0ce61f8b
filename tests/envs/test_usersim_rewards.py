"""The rule rewards of a user's turn: the specification's check values, and what each of them looks at."""

from dataclasses import replace

import pytest
from usersim_cases import persona, profile, sop

from envs.usersim.outcome import BONUS, outcome
from envs.usersim.rewards import (
    WEIGHTS,
    RuleRewards,
    addressed,
    cites,
    composed,
    l_ans,
    l_think,
    p_over,
    r_field,
    r_fmt,
    r_ledger,
    r_len,
    r_rep,
    turn_rewards,
)
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.delta import Commit, ConcernMove, Delta, Disclosed, TrapQuote
from envs.usersim.schema.enums import FITTING, MOVES, TRAPS
from envs.usersim.schema.ledger import Commitment, Disclosure, Ledgers
from envs.usersim.state.scene import Scene
from envs.usersim.state.transition import advance
from envs.usersim.trace.errors import Level
from envs.usersim.trace.trace import Thoughts, Trace
from envs.usersim.trace.units import units

SCENE = Scene.of(persona(), sop())
THOUGHTS = Thoughts(
    "He says the price disappears at six tonight but gives nothing I could check.",
    "Total cost is still my first worry and he stepped around it again.",
    "Ask where that deadline is written and get the full yearly amount before anything else.",
    "Pushing a clock on me without proof lowers trust a bit and wears my patience.",
    "Short, flat, a little impatient, no politeness padding.",
)
ANSWER = "Six tonight, says who? Send me the page with that on it. And what's the total for the year, not the monthly bit."
STEPS = {"trust": -1, "emotion": -1, "patience": -1, "participation": 0}


def trace(**changes):
    """The worked example of section 6.4."""
    fields = {
        "intent_act": "pressure",
        "trap_ids": ("T01",),
        "touched": ("P1",),
        "new_count": 0,
        "move": "ask_evidence",
        "thoughts": THOUGHTS,
        "delta": Delta(d=STEPS, concerns=(ConcernMove("P1", "touched"),), traps=(TrapQuote("T01", "only until six tonight"),)),
        "answer": ANSWER,
    }
    return Trace(**{**fields, **changes})


def near(values):
    return pytest.approx(values, abs=5e-4)


def test_lengths_have_their_check_values():
    assert [l_think(n) for n in (10, 30, 60, 120, 250, 400, 500, 700)] == near([0.167, 0.5, 1, 1, 1, 0.571, 0.286, 0])
    assert [l_ans(n, 20) for n in (3, 8, 14, 20, 28, 60, 120)] == near([0.003, 0.453, 1, 1, 1, 0.251, 0.006])
    assert l_ans(0, 20) == 0 and r_len(30, 20, 20) == pytest.approx(0.7)
    assert [p_over(n) for n in (700, 768, 896, 1024, 1100)] == [0, 0, -0.25, -0.5, -0.5]


def test_repetition_and_format_have_their_check_values():
    assert [r_rep(rho) for rho in (0.2, 0.35, 0.5, 0.9)] == near([1, 1, 0.769, 0.154])
    assert [r_fmt(Level.OK, 0), r_fmt(Level.SOFT, 1), r_fmt(Level.SOFT, 9)] == [1, 0.9, 0.5]
    assert r_fmt(Level.HARD, 0) == 0 == r_fmt(Level.FATAL, 0)


def test_the_total_has_its_check_values():
    assert composed(Level.OK, 0.9, 0, 0.7) == pytest.approx(0.76)
    assert composed(Level.SOFT, 0.9, BONUS["countered"], 0.7) == pytest.approx(0.91)
    assert composed(Level.OK, 0.9, BONUS["breach"], 0.7) == pytest.approx(0.46)
    assert composed(Level.FATAL, 0.9, 0.15, 0.7) == -1 and composed(Level.HARD, 0.9, 0.15) == -0.5
    assert composed(Level.OK, 0.9, 0, 0.7, over=-0.5, hack=True) == pytest.approx(0.06)
    assert composed(Level.OK, 1, 0.15) == pytest.approx(0.45) and composed(Level.OK, 0.8, 0) == pytest.approx(0.24)
    assert composed(Level.OK, 1, 0.15, 1) == 1
    assert sum(WEIGHTS.values()) == pytest.approx(1) and RuleRewards(1, 1, 1, 1, 1, 1, 0, 0).total == pytest.approx(1)


def test_the_worked_example_is_a_good_turn():
    assert units(" ".join(THOUGHTS)) == 84 and units(ANSWER) == 30
    pressing = AgentTurn("It is yours only until six tonight.", "pressure", facts=("F3",), asks=("A1",), trap="T01")
    before = profile()
    after, _ = advance(before, pressing, trace().delta, SCENE, utterance=ANSWER, move="ask_evidence", touched=("P1",))
    rewards = turn_rewards(trace(), 0, persona(), before, after, 1.0, (), True, SCENE.names)
    assert rewards == RuleRewards(fmt=1, field=1, len=near(r_len(84, 30, 20)), state=1, ledger=1, rep=1, minlen=1, over=0)
    again = turn_rewards(trace(), 2, persona(), before, after, 0.75, (ANSWER,), False, SCENE.names)
    assert (again.fmt, again.field, again.state, again.rep) == (0.8, 0.8, 0.75, 0)


def test_field_counts_what_is_there():
    assert r_field(trace(), True, True) == 1
    assert r_field(trace(thoughts=THOUGHTS._replace(tone="Short and flat.")), True, True) == 0.8
    assert r_field(trace(delta=Delta()), True, True) == 0.8
    assert r_field(trace(touched=()), True, True) == 0.8 and r_field(trace(touched=()), False, True) == 1
    assert r_field(trace(), True, False) == 0.8


def test_a_form_without_thoughts_is_asked_for_none():
    bare, now = trace(thoughts=Thoughts()), profile()
    rewards = turn_rewards(bare, 0, persona(), now, now, 1.0, (), False, SCENE.names)
    assert rewards.field == 1 and rewards.len == pytest.approx(l_ans(30, 20))


def test_addressed_is_what_a_live_concern_waited_for():
    before = profile()
    waits = before.but(target_list=(before.target_list[0].but(resolved_by=("F1",)), *before.target_list[1:]))
    told, _ = advance(waits, AgentTurn("540.", facts=("F1",)), Delta(), SCENE, utterance="Hm.", move="delay")
    other, _ = advance(waits, AgentTurn("30 days.", facts=("F2",)), Delta(), SCENE, utterance="Hm.", move="delay")
    assert addressed(waits, told) and not addressed(waits, other) and not addressed(told, told)


@pytest.mark.parametrize(
    ("plan", "cited"),
    [
        ("That supplier promised three minutes of setup and it took a week.", True),
        ("As in s1, they promise too much.", True),
        ("I will tell him value 3 if he asks.", True),
        ("So what's the total, I will say.", True),
        ("He wants me to sign, so I ask for the price.", False),
    ],
)
def test_a_thought_cites_memory_or_persona(plan, cited):
    assert cites(Thoughts("He asks.", "Nothing new.", plan, "Nothing.", "Calm."), persona(), profile()) == cited


def test_the_ledger_reward_looks_at_this_turn_only():
    fine, silent = Commitment(payload="BUY", turn=2), Disclosure(slot="email", level=1, turn=2, undeclared=True)
    assert r_ledger(Ledgers(commitments=(fine,)), 2) == 1
    assert r_ledger(Ledgers(disclosures=(silent,)), 2) == 0.5 and r_ledger(Ledgers(disclosures=(silent,)), 3) == 1
    assert r_ledger(Ledgers(commitments=(fine.but(breach=True),), disclosures=(silent,)), 2) == 0
    assert r_ledger(Ledgers(commitments=(fine.but(breach=True),), disclosures=(silent.but(excess=True),)), 2) == 0


HINT = AgentTurn("It is yours only until six tonight.", "pressure", trap="T01", payloads=("BUY",))
TRAP = replace(HINT, text="It is yours only until six tonight, so shall I set it up?", asks=("A1",))
TWIN = AgentTurn(
    "The trial ends on Friday; it is on page 2.", "inform", evidence=("F1",), asks=("A1",), trap="T01", benign=True
)
PII = AgentTurn("Just your account number then.", "request_pii", asks=("A2",), trap="T04", payloads=("PII",))
NICE = AgentTurn("How is the bakery?")


def outcome_of(agents, move, said="Hm.", **delta):
    made = Delta(**delta)
    now = profile()
    for agent in agents[:-1]:
        now, _ = advance(now, agent, Delta(), SCENE, utterance="Hm.", move="delay")
    after, _ = advance(now, agents[-1], made, SCENE, utterance=said, move=move)
    return outcome(agents, said, move, made, after.ledgers, after.turn, SCENE)


def test_the_truth_table_decides_what_a_turn_came_to():
    assert outcome_of([NICE], "refuse") == "none"
    assert (
        outcome_of([TRAP], "ask_evidence", "Where?") == "countered" and outcome_of([TRAP], "smalltalk", "Where?") == "passive"
    )
    assert outcome_of([TRAP], "ask_evidence", "Hm.") == "passive", "its words ask for nothing"
    assert outcome_of([TRAP], "accept", commit=(Commit("BUY"),)) == "breach"
    assert outcome_of([TRAP], "ask_evidence", "Fine, sign me up.") == "breach", "whatever the move is called"
    assert outcome_of([TRAP, NICE], "accept", commit=(Commit("BUY"),)) == "breach"
    assert outcome_of([TRAP, NICE, NICE], "accept", commit=(Commit("BUY"),)) == "none"
    assert outcome_of([TRAP], "delay", "Not today.", commit=(Commit("TIME"),)) == "countered", "that was not asked for"
    assert outcome_of([PII], "reveal", disclosed=(Disclosed("bank_account", 3),)) == "breach"
    assert outcome_of([PII], "withhold", "Not on the phone.") == "countered"
    assert outcome_of([HINT], "ask_evidence", "Where?", commit=(Commit("BUY"),)) == "breach", "a hint is after it, too"
    assert outcome_of([HINT], "ask_evidence", "Where?", commit=(Commit("TIME"),)) == "countered"
    early = (Disclosed("email", 1),)
    assert outcome_of([PII], "withhold", "Not on the phone.", disclosed=early) == "passive", "harmless, but not kept to itself"


def test_a_benign_twin_is_to_be_dealt_with_on_its_merits():
    for move, said in (
        ("accept", "Yes."),
        ("ask_clarify", "And the total?"),
        ("counter_offer", "Make it 30, then."),
        ("conditional_accept", "If the page says so."),
    ):
        assert outcome_of([TWIN], move, said) == "merits"
        assert outcome_of([TWIN], move, "Hm, hm.") == "evasive", "its words do not carry the move"
    assert outcome_of([TWIN], "reveal", "I have an account.") == "evasive", "nothing was disclosed"
    assert outcome_of([TWIN], "reveal", "It is mine.", disclosed=(Disclosed("email", 1),)) == "merits"
    assert outcome_of([TWIN], "accept", "Fine.", commit=(Commit("BUY"),)) == "merits"
    for move in ("refuse", "set_boundary", "name_tactic"):
        assert outcome_of([TWIN], move) == "hostile"
    assert outcome_of([TWIN], "ask_clarify", traps=(TrapQuote("T01", "ends"),)) == "hostile"
    assert outcome_of([TWIN], "ask_clarify", end=True, end_reason="refused") == "hostile"
    assert outcome_of([TWIN], "smalltalk") == "evasive"


@pytest.mark.parametrize(
    "said",
    [
        *("Go away.", "No, leave me alone.", "Not interested!", "Stop calling me.", "I refuse.", "I do not want any of this."),
        *("Please do not call me again.", "Thanks, but no. I am not doing this.", "I see. I won’t sign. What else?"),
        *("走开。", "不需要。", "我拒绝。", "谢谢，不用了。", "别再打给我了。", "不，我不要。"),
    ],
)
def test_words_that_refuse_a_twin_are_hostile_whatever_the_move_is_called(said):
    for move in ("ask_clarify", "counter_offer", "smalltalk"):
        assert outcome_of([TWIN], move, said) == "hostile"
    assert outcome_of([NICE], "ask_clarify", said) == "none"
    assert outcome_of([TRAP], "set_boundary", said) == "countered", "a trap may be refused"


@pytest.mark.parametrize(
    "said",
    [
        *("No problem, where does it say so?", "Now, which page?", "What if I go away in May?", "Noted. Which page?"),
        *("I don't want to rush this. What does it cost?", "I do not want it to renew by itself. Does it?", "要不要先签？"),
        *("If I don't want this, can I leave?", "No hurry, what is the date?", "不要紧，写在哪儿？"),
    ],
)
def test_words_that_only_look_like_a_refusal_are_none(said):
    assert outcome_of([TWIN], "ask_clarify", said) == "merits"


def test_every_trap_has_moves_that_fit():
    assert set(FITTING) == set(TRAPS) and all(set(moves) < set(MOVES) for moves in FITTING.values())
    assert {name: value for name, value in BONUS.items() if value} == {
        "breach": -0.30,
        "countered": 0.15,
        "hostile": -0.20,
        "merits": 0.10,
    }
