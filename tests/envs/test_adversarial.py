"""Adversarial partners: what each kind does, in a gym of free replies and in one of closed answers."""

import random

import pytest
from envs_cases import Recorder
from gym_contract import adversary, partner, played

import envs
from envs.adversarial import KINDS, MANNERS, PREFIX, Contradictory, Name, Withholding
from envs.base import Message, View
from envs.closed import CHOICES
from envs.conversation import drive
from envs.intention.grammar import facts
from envs.intention.user import contradict

GYMS = ("IntentionGym", "TelepathyGym")
TASKS = {name: envs.load(name, "heldout")[:20] for name in GYMS}


def heard(speaker, *questions, choices=()):
    views = [View("user", "", (Message("user", question),), choices=choices) for question in questions]
    return [drive(speaker.speak(view)).text for view in views]


def episodes(name, kind):
    return [played(name, task, other=adversary(name, kind, seed)) for seed, task in enumerate(TASKS[name])]


def user_errors(episode):
    return sum(turn.result.info.get("user_error", False) for turn in episode.turns)


def test_each_kind_has_a_name():
    assert {f"{PREFIX}{kind}" for kind in KINDS} == set(Name.__args__) and set(KINDS) == {*MANNERS, "contradictory"}
    with pytest.raises(ValueError, match="no adversarial kind 'vage'; did you mean 'vague'"):
        envs.adversary("IntentionGym", "user", "vage", 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GYMS)
def test_it_costs_who_listens(name, kind):
    """Nothing is lost by contradictions alone in Intention: its oracle keeps to what it heard first."""
    honest = sum(played(name, task).score for task in TASKS[name])
    hindered = sum(episode.score for episode in episodes(name, kind))
    print(f"{name}, {kind}: {hindered / len(TASKS[name]):.3f} of {honest / len(TASKS[name]):.3f}")
    harmless = (name, kind) == ("IntentionGym", "contradictory")
    assert hindered == honest if harmless else hindered < honest


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GYMS)
def test_the_same_seed_says_the_same_and_another_something_else(name, kind):
    def said(seed):
        return [message.content for message in played(name, TASKS[name][0], other=adversary(name, kind, seed)).messages]

    several = [said(seed) for seed in range(12)]
    assert several[3] == said(3)
    varied = len({tuple(words) for words in several})
    assert varied > 1 or (name, kind) == ("TelepathyGym", "reveals_nothing"), "there is one way to say maybe"


@pytest.mark.parametrize("kind", KINDS)
def test_closed_questions_get_closed_answers(kind):
    for seed, task in enumerate(TASKS["TelepathyGym"]):
        recorder = Recorder(adversary("TelepathyGym", kind, seed))
        episode = played("TelepathyGym", task, other=recorder)
        replies = [turn.result.feedback for turn in episode.turns if "asked" in turn.result.info]
        assert len(replies) == len(recorder.views) and set(replies) <= set(CHOICES)


def test_false_answers_are_counted():
    errors = {(name, kind): sum(map(user_errors, episodes(name, kind))) for name in GYMS for kind in KINDS}
    assert errors["IntentionGym", "contradictory"] > 20 and errors["TelepathyGym", "contradictory"] > 20
    assert errors["TelepathyGym", "reveals_nothing"] > 20, "a maybe is false where the fact table says yes or no"
    assert not any(errors["IntentionGym", kind] for kind in MANNERS), "who withholds states nothing false"


@pytest.mark.parametrize("kind", MANNERS)
def test_what_is_withheld_is_not_said(kind):
    """Every reply is the honest one with a fixed remark, or a fixed remark alone."""
    manner = MANNERS[kind]
    speaker = Withholding(manner, envs.ConstantSpeaker("blue"), random.Random(1))
    replies = heard(speaker, *"abcdefghijklmnopqrstuvwxyz")
    given = {f"blue {text}".strip() for text in manner.beside}
    assert set(replies) <= given | set(manner.instead) and len(set(replies) & set(manner.instead)) > 2
    first = next(place for place, reply in enumerate(replies) if reply in manner.instead)
    assert first >= manner.patience[0]
    assert not any(facts(text) for text in (*manner.instead, *manner.beside))


def test_who_is_asked_again_contradicts_what_was_true():
    asked = "What is the date?"
    for seed in range(20):
        speaker = Contradictory(envs.ConstantSpeaker("With date june."), random.Random(seed), contradict)
        first, *later = heard(speaker, asked, asked, asked)
        assert first == "With date june."
        for reply in later:
            (_, true), (_, false) = facts(reply)
            assert true == "june" != false
        speaker = Contradictory(envs.ConstantSpeaker("Yes."), random.Random(seed), None)
        first, *later = heard(speaker, asked, asked, asked, choices=CHOICES)
        assert later == ["No."] * 2 if first == "Yes." else first == "No."


def test_without_a_language_of_its_own_it_takes_its_words_back():
    speaker = Contradictory(envs.ConstantSpeaker("A vineyard."), random.Random(0), contradict)
    first, again = heard(speaker, "What?", "What?")
    assert first == "A vineyard." and again.count("A vineyard.") == 2


def test_an_honest_partner_is_left_alone():
    assert not any(user_errors(played(name, task, other=partner(name))) for name in GYMS for task in TASKS[name])
