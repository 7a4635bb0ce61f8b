import asyncio

import pytest
from envs_cases import task

import envs
from envs.base import Message, View
from envs.conversation import drive
from envs.intention.gym import IntentionGym
from envs.registry import entry, register
from envs.speakers import ConstantSpeaker


def test_gyms_are_found_by_name():
    assert "IntentionGym" in envs.gyms()
    made = envs.make("IntentionGym", task=task(), partner=ConstantSpeaker("x"), judge=envs.RuleJudge(), prompt="short")
    assert isinstance(made, IntentionGym) and made.first_view.system == "Ask."


@pytest.mark.parametrize(
    ("call", "near"),
    [
        (lambda: envs.load("IntentGym", "train"), "IntentionGym"),
        (lambda: envs.create("intention", ConstantSpeaker(""), envs.RuleJudge()), "IntentionGym"),
        (lambda: envs.create("IntentionGym", ConstantSpeaker(""), envs.RuleJudge(), preset="user-rl"), "userrl"),
        (lambda: envs.scripted("IntentionGym", "usr", 0), "user"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(call, near):
    with pytest.raises(ValueError, match=f"did you mean '{near}'"):
        call()


def test_a_gym_is_registered_once():
    with pytest.raises(ValueError, match="twice"):
        register(entry("IntentionGym"))


def test_a_task_of_another_gym_is_refused():
    with pytest.raises(TypeError, match="IntentionTask"):
        envs.make("IntentionGym", task="party", partner=ConstantSpeaker(""), judge=envs.RuleJudge())


def test_scripted_speakers_speak():
    view = View("agent", "Ask.", (Message("user", "I need a party."),))
    said = drive(envs.scripted("IntentionGym", "agent", 1).speak(view)).text
    assert said.startswith("[action]")
    assert drive(ConstantSpeaker("OK.").speak(view)).text == "OK."


def test_drive_refuses_to_wait():
    async def wait():
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits"):
        drive(wait())
