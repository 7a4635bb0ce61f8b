import pytest

import envs
from envs.intention.demonstrations import RECAP_REQUEST
from envs.intention.expert import Demonstrator
from envs.intention.grammar import facts
from envs.intention.gym import IntentionGym
from envs.intention.wording import closes
from envs.tool import Call, parse

TRAIN = {task.id: task for task in envs.load("IntentionGym", "train")}
AGENT = envs.demonstrations("IntentionGym", "agent", 120, 3, recaps=60)
USER = envs.demonstrations("IntentionGym", "user", 300, 3)


def test_they_depend_on_the_seed_only():
    assert envs.demonstrations("IntentionGym", "agent", 120, 3, recaps=60) == AGENT
    assert envs.demonstrations("IntentionGym", "user", 300, 3) == USER
    assert envs.demonstrations("IntentionGym", "agent", 120, 4, recaps=60) != AGENT


def test_they_come_from_train_tasks_only():
    for shown in AGENT[:120]:
        assert shown.messages[1].content == TRAIN[shown.task_id].visible.request
    assert {shown.task_id for shown in USER} <= set(TRAIN)


def test_every_turn_of_the_agent_parses():
    said = [message.content for shown in AGENT for message in shown.messages if message.role == "assistant"]
    assert all(isinstance(parse("bracket", text, IntentionGym.choices), Call) for text in said)


@pytest.mark.parametrize("shown", AGENT[:120:10] + AGENT[120::10])
def test_an_agents_conversation_alternates_and_starts_with_the_system(shown):
    roles = [message.role for message in shown.messages]
    assert (
        roles[0] == "system" and set(roles[1::2]) == {"user"} and set(roles[2::2]) == {"assistant"} and roles[-1] == "assistant"
    )


def test_recaps_repeat_what_was_told_in_order():
    for shown in AGENT[120:]:
        *before, last = shown.messages
        told = [fact for message in before if message.role == "user" for fact in facts(message.content)]
        assert shown.messages[1].content == RECAP_REQUEST and closes(before[-1].content)
        assert last.content == "[answer] " + "; ".join(f"{slot} {value}" for slot, value in told)


def test_the_closing_turn_of_a_conversation_repeats_what_was_told():
    closings = [shown.messages for shown in AGENT[:120] if shown.messages[-1].content.startswith("[answer]")]
    assert len(closings) > 30
    for *before, last in closings:
        told = [fact for message in before[2:] if message.role == "user" for fact in facts(message.content)]
        assert facts(last.content) == told


def test_users_show_every_kind_of_reply_and_size_of_profile():
    assert len(USER) == 300 and all([m.role for m in shown.messages] == ["system", "user", "assistant"] for shown in USER)
    assert len({shown.messages[0].content.count(";") for shown in USER}) >= 5
    kinds = [shown.messages[-1].content for shown in USER]
    assert all(kinds.count(kind) > 5 for kind in ("I told you.", "No matter.", "Be exact."))
    assert sum(bool(facts(kind)) for kind in kinds) > 100


def test_a_values_reply_stands_in_the_profile():
    for shown in USER:
        system, _, reply = (message.content for message in shown.messages)
        assert all(f"{slot} {value}" in system for slot, value in facts(reply))


def test_no_heldout_request_is_a_demonstration():
    heldout = {task.visible.request for task in envs.load("IntentionGym", "heldout")}
    assert not heldout & {message.content for shown in AGENT for message in shown.messages}


def test_slips_of_the_demonstrator_change_only_values():
    expert = Demonstrator(0, vague=0, double=0, useless=0, finish=0, slip=1.0)
    expert.read("I need a party.")
    expert.read("With date june.")
    assert expert.answer().startswith("[answer] date ")
