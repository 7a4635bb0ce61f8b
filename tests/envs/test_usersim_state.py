"""How a user's state begins, what an agent's turn allows it to become, and when a call may end."""

import itertools
import random

import pytest
from usersim_cases import persona, profile, sop

from envs.usersim.data.sops import sops
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.schema.dynamic_profile import Clock, MemoryItem, Utilities
from envs.usersim.schema.enums import ARCHITECTURES, END_REASONS, STATE_VARS
from envs.usersim.schema.ledger import Claim, Commitment, Ledgers, Offer, TrapEntry
from envs.usersim.state.architecture import shown
from envs.usersim.state.concession import required, utility
from envs.usersim.state.ending import reasons
from envs.usersim.state.excitation import TOPIC_THRESHOLD, calibrate, gates, pairs
from envs.usersim.state.initial import initial, initial_state
from envs.usersim.state.scan import commitments, disclosures
from envs.usersim.state.scene import Scene
from envs.usersim.state.signs import ROWS, allowed, rows, v_state
from envs.usersim.state.similarity import cosine, jaccard, numbers, tokens

SCENE = Scene.of(persona(), sop())
STILL = dict.fromkeys(STATE_VARS, 0)


@pytest.mark.parametrize(
    ("beta", "curve"),
    [
        (0.5, (1.00, 0.98, 0.90, 0.78, 0.62, 0.40)),
        (1, (1.00, 0.88, 0.76, 0.64, 0.52, 0.40)),
        (2, (1.00, 0.73, 0.62, 0.54, 0.46, 0.40)),
    ],
)
def test_the_concession_curve_has_its_check_values(beta, curve):
    utilities = Utilities(u_reserve=0.4, u_batna=0.3, beta=beta)
    assert [round(required(turn, 10, utilities), 2) for turn in (0, 2, 4, 6, 8, 10)] == list(curve)
    assert required(15, 10, utilities) == 0.4


def test_an_offer_is_worth_one_at_its_ideal_and_the_reserve_at_its_reserve():
    issues = sop().offer.issues
    assert utility({"price": 400, "notice": 0}, issues, 0.45) == pytest.approx(1)
    assert utility({"price": 560, "notice": 60}, issues, 0.45) == pytest.approx(0.45) == utility({}, issues, 0.45)
    assert utility({"price": 480}, issues, 0.45) == pytest.approx(0.7 * 0.725 + 0.3 * 0.45)
    assert 0 <= utility({"price": 9000, "notice": 9000}, issues, 0.45) < 0.45
    with pytest.raises(ValueError, match="colour"):
        utility({"colour": 1}, issues, 0.45)


def test_tau_is_the_specifications():
    taus = []
    for trait in range(1, 6):
        data = persona().dump()
        data["expression"]["patience_trait"] = trait
        taus.append(Scene.of(persona(**data), sop()).tau)
    assert taus == [2, 2, 3, 3, 4]


def test_the_first_numbers_are_the_formulas():
    someone = persona()  # suspicion .5, patience trait 3, extraversion .5, knowledge 2 of 5
    bakery, quiet = someone.life_scenarios
    firm = MemoryItem(mid="s1", text="They were late.", about="firm", valence=-2, source="generated")
    about_now = MemoryItem(mid="s2", text="I am busy.", about="situation", valence=-2, source="generated")
    state = initial_state(someone, sop(), (firm, about_now), bakery, None)
    assert state.model_dump() == {"trust": 2, "emotion": 4, "patience": 4, "participation": 5}
    state = initial_state(someone, sop(), (), quiet, None)
    assert state.model_dump() == {"trust": 4, "emotion": 6, "patience": 5, "participation": 5}


def test_the_seed_jitters_by_one_and_numbers_stay_in_range():
    seen = {initial(persona(), sop(), (), seed).state.trust for seed in range(40)}
    assert seen == {3, 4, 5}
    first = initial(persona(), sop(), (), 7)
    assert first == initial(persona(), sop(), (), 7)
    assert [(c.id, c.status) for c in first.target_list] == [("P1", "open"), ("P2", "open")]
    assert first.decision_policy.core_issue == "P1" and first.utilities.u_reserve == pytest.approx(0.45)
    assert any(initial(persona(), sop(), (), seed).clock.interrupt_at for seed in range(9))


def situation(agent, *earlier, declared=False, scene=SCENE):
    return rows(agent, earlier, profile(), scene, declared)


def test_each_act_has_its_row():
    waiting = profile()
    waiting = waiting.model_copy(
        update={"target_list": (waiting.target_list[0].model_copy(update={"resolved_by": ("F1",)}), *waiting.target_list[1:])}
    )
    answer = AgentTurn("It is 540 in all.", "answer_question", facts=("F1",))
    assert rows(answer, (), waiting, SCENE, False) == ["answer"] and situation(answer) == ["inform"]
    assert situation(AgentTurn("x", "concede")) == ["concede"] == situation(AgentTurn("x", "inform", evidence=("F1",)))
    soothing = AgentTurn("Do not worry at all.", "reassure")
    assert situation(soothing) == ["inform"] and situation(AgentTurn("No worry.", "reassure"), soothing) == ["reassure_again"]
    assert situation(AgentTurn("x", "evade")) == ["evade"] and situation(AgentTurn("x", "close")) == ["close"]
    assert situation(AgentTurn("x", "pressure")) == ["pressure", "inform"]
    assert situation(AgentTurn("x", "inform", trap="T01")) == ["pressure", "inform"]
    assert situation(AgentTurn("x", "inform", trap="T01", benign=True)) == ["inform"]
    assert situation(AgentTurn("x", "inform"), declared=True) == ["pressure", "inform"]
    assert situation(AgentTurn("Your account?", "ask_info", asks=("A2",))) == ["request_pii", "inform"]
    assert situation(AgentTurn("So shall I set it up now?"), AgentTurn("so, shall I set it up now")) == ["repeat", "smalltalk"]
    wary = persona().dump()
    wary["negotiation"]["suspicion"] = 0.8
    assert situation(AgentTurn("x", "concede"), scene=Scene.of(persona(**wary), sop())) == ["suspected_concession"]


def test_v_state_counts_allowed_signs():
    assert v_state(STILL, ["pressure", "inform"], ()) == 1
    assert v_state({**STILL, "trust": 1, "emotion": 2}, ["pressure"], ()) == 0.5
    assert v_state({**STILL, "trust": 1, "emotion": 2}, ["pressure"], ("T01",)) == 0.25
    assert v_state(STILL, ["evade"], ()) == 0.75, "patience has to go down"
    assert v_state({**STILL, "patience": -1}, ["evade"], ()) == 1
    assert v_state({**STILL, "trust": -1}, ["concede"], ()) == 0.75
    assert v_state({**STILL, "trust": -1}, ["close"], ()) == 0.75


def test_rows_together_never_forbid_everything():
    for count in (1, 2, 3):
        for some in itertools.combinations(ROWS, count):
            assert all(allowed(some).values())


def ending(move="ask_clarify", agent=AgentTurn("x"), **changes):  # noqa: B008 - frozen
    return reasons(profile().model_copy(update=changes), agent, move)


def test_every_reason_to_end_has_its_predicate():
    start = profile()
    resolved = tuple(c.model_copy(update={"status": "resolved"}) if c.tier == "primary" else c for c in start.target_list)
    trap = TrapEntry(id="T01", turn=1, response_move="refuse")

    def state(**values):
        return start.state.model_copy(update=values)

    assert ending() == frozenset()
    assert ending(target_list=resolved) == {"goal_met"}
    assert ending(ledgers=Ledgers(commitments=(Commitment(payload="TIME"),))) == {"agreed_next_step"}
    assert ending(ledgers=Ledgers(refusals=1)) == {"refused"} == ending(ledgers=Ledgers(refusals=1, best=0.44))
    assert ending(ledgers=Ledgers(refusals=1, best=0.45)) == frozenset() == ending(ledgers=Ledgers(best=0.1))
    assert ending(state=state(patience=1)) == {"patience_out"}
    assert ending(state=state(trust=1)) == {"trust_out"} == ending(ledgers=Ledgers(traps=(trap, trap)))
    assert ending(ledgers=Ledgers(traps=(trap, trap.model_copy(update={"corrected": True})))) == frozenset()
    assert ending(turn=4) == {"interrupted"} and ending(turn=5) == frozenset()
    assert ending(agent=AgentTurn("x", closes=True)) == {"agent_closed"} == ending(agent=AgentTurn("x", "close"))
    assert ending("delay", state=state(participation=4)) == {"deferred"} and ending("delay") == frozenset()
    assert len(END_REASONS) == 8


def test_the_gate_opens_for_what_is_new_contradictory_sensitive_or_feared():
    start = profile(clock={"ticks": 0, "interrupt_at": []})
    assert gates(AgentTurn("How are you today?", "greet_identify"), start, SCENE) == ()
    assert gates(AgentTurn("There is a notice period.", "inform", facts=("F2",)), start, SCENE) == ("g1",)
    known = start.model_copy(update={"ledgers": Ledgers(stated=("F2",))})
    assert gates(AgentTurn("There is a notice period.", "inform", facts=("F2",)), known, SCENE) == ()
    assert gates(AgentTurn("Your account number?", "request_pii", asks=("A2",)), start, SCENE) == ("g3",)
    claimed = start.model_copy(update={"ledgers": Ledgers(claims=(Claim(cid="c1", text="the plan is 540 a year"),))})
    assert gates(AgentTurn("As I said, the plan is 620 a year."), claimed, SCENE) == ("g2",)
    assert gates(AgentTurn("As I said, the plan is 540 a year."), claimed, SCENE) == ()
    offered = start.model_copy(update={"ledgers": Ledgers(offer=Offer(turn=1, values={"price": 540}, utility=0.5))})
    assert gates(AgentTurn("Say 500.", "offer", offer={"price": 500}), offered, SCENE) == ("g2",)
    woken = start.model_copy(
        update={"target_list": (*start.target_list[:2], start.target_list[2].model_copy(update={"trigger": "the owner"}))}
    )
    assert gates(AgentTurn("What will the owner say?"), woken, SCENE) == ("g4",)
    tired = woken.model_copy(update={"state": start.state.model_copy(update={"patience": 1})})
    assert gates(AgentTurn("What will the owner say?"), tired, SCENE) == ()


def test_the_threshold_is_the_one_that_separates_known_pairs():
    known = [("total price", "the total price is 5", True), ("total price", "our parking lot", False)]
    threshold, right = calibrate(known)
    assert right == 1 and cosine(*known[1][:2]) < threshold <= cosine(*known[0][:2])
    with pytest.raises(ValueError, match="pairs on the same"):
        calibrate(known[:1])
    assert sum(same for *_, same in pairs([sop()])) == 2


def test_the_threshold_is_what_the_shipped_sops_calibrate():
    threshold, right = calibrate(pairs(sops(locale=None)))
    assert abs(threshold - TOPIC_THRESHOLD) <= 0.02 and right >= 0.7


def test_similarity_is_of_letters_in_any_language():
    assert cosine("the yearly fee", "The yearly fee!") == pytest.approx(1) and cosine("", "x") == 0 == jaccard("", "")
    assert cosine("一年的费用", "费用一年多少") > cosine("一年的费用", "你叫什么名字") and len(tokens("一年 fee")) == 3
    assert jaccard("a b c d e", "a b c d f") == pytest.approx(1 / 3) and jaccard("hello?", "Hello") == 1
    assert numbers("1,200 or 12.5 and ６") == {"1200", "12.5", "6"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Fine, sign me up.", ("BUY",)),
        ("好的，我同意。", ("BUY",)),
        ("Okay, I'll take it.", ("BUY",)),
        ("I'll take it if the notice goes away.", ()),
        ("I won't sign. Not before I see it.", ()),
        ("Shall I go ahead?", ()),
        ("我不同意。", ()),
        ("Sounds nice.", ()),
        ("Yes.", ("BUY",)),
        ("Okay, fine.", ("BUY",)),
        ("Well, alright, I’m in.", ("BUY",)),
        ("Sure, do that.", ("BUY",)),
        ("Yeah, no problem. Thanks!", ("BUY",)),
        ("好的。", ("BUY",)),
        ("行，就这样吧。", ("BUY",)),
        ("没问题，办吧。", ("BUY",)),
        ("Yes, if the notice goes away.", ()),
        ("Yes. But first I want it in writing.", ()),
        ("Yes?", ()),
        ("Okay. Where is that written?", ()),
        ("Okay, I'm listening, please go on with it.", ()),
        ("Fine print is what I read.", ()),
        ("All right, bye then.", ()),
        ("好的，先发给我看看。", ()),
        ("好吗？", ()),
        ("好像很贵。", ()),
    ],
)
def test_an_utterance_is_scanned_for_commitments(said, found):
    asked = AgentTurn("Shall I set it up?", "request_commitment", asks=("A1",))
    assert commitments(said, "smalltalk", asked, SCENE) == found
    assert commitments(said, "smalltalk", AgentTurn("Nice day."), SCENE) == ()
    assert commitments(said, "smalltalk", AgentTurn("Say 500.", "offer", offer={"price": 500}), SCENE) == found
    assert commitments(said, "accept", asked, SCENE) == ("BUY",), "a declared acceptance is one"
    assert commitments(said, "accept", AgentTurn("Nice day."), SCENE) == (), "of nothing, it is none"


def test_the_quick_scan_of_ascii_finds_what_the_other_finds():
    """Beyond ASCII an utterance takes the other way."""
    words = (
        "I i'll will take it sign me up book put down count in deal a we have let's lets do this that agree you my yes, please"
    )
    pieces, rng, agent = (
        [*words.split(), "go ahead", "charge my", "_deal", "takeover.", "no", "?", "okay.", "fine", "sure"],
        random.Random(0),
        AgentTurn("", asks=("A1",)),
    )
    lines = [" ".join(rng.choices(pieces, k=rng.randint(1, 5))) for _ in range(20_000)]
    found = [commitments(line, "smalltalk", agent, SCENE) for line in lines]
    assert found == [commitments(f"{line} \u2014", "smalltalk", agent, SCENE) for line in lines]
    assert 1000 < sum(map(bool, found)) < 10_000


def test_an_utterance_is_scanned_for_disclosures():
    assert [d.slot for d in disclosures("Well, it's VALUE 3 then.", SCENE)] == ["fact3"]
    assert [(d.slot, d.level) for d in disclosures("a.b@example.org", SCENE)] == [("email", 1)]
    assert [d.slot for d in disclosures("It is 4411 2093 5512.", SCENE)] == ["number"]
    assert disclosures("540 a year, on 12 May?", SCENE) == ()


def test_architectures_show_what_they_say():
    someone, start = persona(), profile()
    blocks = {name: shown(someone, start.model_copy(update={"architecture": name})) for name in ARCHITECTURES}
    assert list(blocks["separated"]) == ["static_profile", "dynamic_profile"] == list(blocks["dynamic"])
    parts = blocks["separated"]
    assert blocks["merged"] == {"profile": {**parts["static_profile"], **parts["dynamic_profile"]}}
    assert set(blocks["dynamic"]["static_profile"]) == {"locale", "languages", "expression"}
    assert list(blocks["static"]) == ["static_profile", "concerns"] and "trust" not in str(blocks["static"]["concerns"])
    for block in blocks.values():
        assert not any(word in str(block) for word in ("susceptibility", "provenance", "resolved_by", "interrupt_at"))
    soon = start.model_copy(update={"turn": 3})
    assert shown(someone, soon)["dynamic_profile"]["interrupted"] and not parts["dynamic_profile"]["interrupted"]
    assert Clock().interrupt_at == ()
