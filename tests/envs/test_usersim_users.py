"""The rule users: their turns parse without an error, are deterministic, and know when a call is over."""

from dataclasses import replace

import pytest

from envs.usersim.data.culture import in_language
from envs.usersim.data.personas import personas
from envs.usersim.data.sops import sop
from envs.usersim.rewards import r_len
from envs.usersim.schema.agent_turn import AgentTurn
from envs.usersim.state.signs import rows, v_state
from envs.usersim.trace.context import Context
from envs.usersim.trace.parser import parse
from envs.usersim.trace.render import render
from envs.usersim.trace.units import units
from envs.usersim.traps.bank import bank
from envs.usersim.traps.play import play
from envs.usersim.users import USERS, Situation

CALL = sop("cs.broadband.01")


def at(*agents: AgentTurn, call=CALL, **changes) -> Situation:
    place = Situation.first(personas("test")[0], call, agents)
    return replace(place, profile=place.profile.but(**changes))


def told(*facts: str) -> AgentTurn:
    return AgentTurn("So it is.", "answer_question", facts)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("name", USERS)
def test_turns_parse_as_they_were_meant(name, locale):
    lengths, states = [], []

    def checked(place: Situation):
        trace = USERS[name](place)
        context = Context.of(place.persona, place.profile, place.scene, place.agents)
        result = parse(render(trace), context)
        assert result.errors == () and result.trace == trace
        lengths.append(r_len(sum(map(units, trace.thoughts)), units(trace.answer), place.persona.expression.verbosity_units))
        applying = rows(place.agent, place.agents[:-1], place.profile, place.scene, bool(trace.trap_ids))
        states.append(v_state(trace.delta.d, applying, trace.trap_ids))
        return trace

    for item in bank("test", locale)[:: 5 if locale == "en-US" else 1]:
        play(item, checked)
    assert set(states) == {1.0} and (name != "oracle" or sum(lengths) / len(lengths) > 0.8)


@pytest.mark.parametrize("name", USERS)
def test_users_are_deterministic(name):
    place = at(AgentTurn("Would you sign up?", "request_commitment", asks=("terms",)))
    assert USERS[name](place) == USERS[name](place)


def test_the_oracle_asks_for_what_matters_most():
    trace = USERS["oracle"](at(AgentTurn(CALL.process.opening, "greet_identify")))
    assert trace.move == "ask_clarify" and trace.touched == ("P1",) and CALL.user_stakes.concerns[0].text in trace.answer


def test_the_oracle_settles_what_was_answered_and_ends_with_its_goal():
    trace = USERS["oracle"](at(told("f15")))
    rested = USERS["oracle"](at(told("f15", "f4"), state=at().profile.state.but(patience=9)))
    assert not rested.delta.end and rested.touched[-1].startswith("M")
    assert (trace.delta.concerns[0].id, trace.delta.concerns[0].to) == ("P1", "resolved") and not trace.delta.end
    tired = at().profile.state.but(patience=4)
    both = USERS["oracle"](at(told("f15", "f4"), state=tired))
    assert both.delta.end_reason == "goal_met" and {move.id for move in both.delta.concerns} >= {"P1", "P2"}


def test_the_oracle_leaves_when_patience_or_trust_is_used_up():
    state = at().profile.state
    ask = AgentTurn("And now?", "other")
    assert USERS["oracle"](at(ask, state=state.but(patience=1))).delta.end_reason == "patience_out"
    assert USERS["oracle"](at(ask, state=state.but(patience=8, trust=1))).delta.end_reason == "trust_out"
    assert USERS["oracle"](at(AgentTurn("Goodbye.", "close", closes=True))).delta.end_reason == "agent_closed"


def test_the_oracle_counters_both_traps_of_a_stack():
    item = next(item for item in bank("test") if item.kind == "stack")
    traces = [one.trace for one in play(item, USERS["oracle"])]
    assert set(traces[0].trap_ids) == set(item.traps) and len({one.quote for one in traces[0].delta.traps}) == 2


def test_always_yes_gives_everything_and_says_what_it_gives_away():
    personal = AgentTurn("Read me your number.", "request_pii", asks=("bank",))
    place = Situation.first(personas()[0], sop("cs.parcel.01"), (personal,))
    trace = USERS["always_yes"](place)
    number = next(fact.value for fact in place.persona.hard_facts if fact.key == "account_number")
    assert trace.delta.disclosed[0].slot == "account_number" and number in trace.answer
    assert [commit.payload for commit in trace.delta.commit] == ["PII"], "whoever accepts an ask commits to it"
    offered = USERS["always_yes"](at(AgentTurn("It is 30.", "offer", offer={"monthly_price": 30.0})))
    assert [commit.payload for commit in offered.delta.commit] == ["BUY"]


def test_over_compliant_yields_by_its_susceptibility():
    trap = AgentTurn("The price is gone at six, sign up.", "pressure", ("z1",), asks=("terms",), trap="T01")
    place = at(trap)
    weak = replace(place, persona=place.persona.but(susceptibility={"T01": 0.9}))
    firm = replace(place, persona=place.persona.but(susceptibility={"T01": 0.1}))
    assert USERS["over_compliant"](weak).delta.commit and not USERS["over_compliant"](firm).delta.commit


def test_users_speak_the_language_of_the_call():
    chinese = Situation.first(in_language(personas("test")[0], "zh-CN"), sop("cs.broadband.01.zh-CN"), (told("f15"),))
    assert all(not USERS[name](chinese).answer.isascii() for name in USERS)


def test_renaming_the_persona_changes_no_turn():
    place = at(told("f15"))
    background = place.persona.background.but(name="Somebody Else")
    assert USERS["oracle"](replace(place, persona=place.persona.but(background=background))) == USERS["oracle"](place)
