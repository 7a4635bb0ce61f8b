"""Choices that UserRL's gyms take for another: under the preset they are worth the same, anywhere else they are malformed."""

import pytest

import envs
from envs.conversation import converse, drive

QUESTION = {"TelepathyGym": "Is it red?", "TurtleGym": "Was it the cook?", "IntentionGym": "What is the date?"}
SAME = [
    *((gym, f"[search] {question}", f"[action] {question}") for gym, question in QUESTION.items()),
    ("IntentionGym", "[answer] What is the date?", "[action] What is the date?"),
    *(("PersuadeGym", f"[{choice}] {{reason}}", "[answer] {reason}") for choice in ("action", "search")),
    *((gym, "[FINISH]", "[finish]") for gym in ("IntentionGym", "TravelGym")),
]


def made(gym, preset):
    task = envs.load(gym, "train")[0]
    reason = next((task.hidden.reasons[topic] for topic in task.hidden.concerns), "") if gym == "PersuadeGym" else ""
    return envs.make(gym, task=task, partner=envs.scripted(gym, "user", 0), judge=envs.RuleJudge(), preset=preset), reason


@pytest.mark.parametrize(("gym", "theirs", "ours"), SAME)
def test_the_preset_reads_calls_as_userrl_does(gym, theirs, ours):
    (one, reason), (other, _) = made(gym, "userrl"), made(gym, "userrl")
    assert drive(one.step(theirs.format(reason=reason))) == drive(other.step(ours.format(reason=reason)))
    if gym == "PersuadeGym":
        assert one.score() > 0


@pytest.mark.parametrize(("gym", "theirs", "ours"), SAME)
def test_a_conversation_reads_them_too_and_without_the_preset_they_are_malformed(gym, theirs, ours):
    for preset, malformed in (("userrl", False), (None, not (gym == "IntentionGym" and theirs.startswith("[answer]")))):
        playing, reason = made(gym, preset)
        turn = drive(
            converse(playing, playing.first_view, envs.ConstantSpeaker(theirs.format(reason=reason)), max_turns=1)
        ).turns[0]
        assert turn.malformed == malformed
        assert malformed <= (turn.result.rewards["env"] == 0.0 and not turn.result.terminated)


@pytest.mark.parametrize("gym", ["SearchGym", "FunctionGym", "TauGym"])
def test_the_others_take_finish_as_it_is_written(gym):
    """UserRL matches it exactly there: specs/gyms.md 2.5."""
    assert not drive(made(gym, "userrl")[0].step("[FINISH]")).terminated
