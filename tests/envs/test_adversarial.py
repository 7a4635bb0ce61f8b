"""Adversarial partners: what each kind does, in every gym whose agent talks to somebody."""

import random
from functools import cache

import pytest
from envs_cases import Recorder
from gym_contract import adversary, kinds, partner, played

import envs
from envs import registry
from envs.adversarial import KINDS, MANNERS, PREFIX, Contradictory, Name, Withholding
from envs.base import Message, View
from envs.closed import CHOICES
from envs.conversation import drive
from envs.intention.grammar import facts
from envs.intention.user import contradict

GYMS = tuple(name for name in envs.gyms() if kinds(name))
CLOSED = ("TelepathyGym", "TurtleGym")
HARMLESS = {(name, "contradictory") for name in ("IntentionGym", "TauGym", "TravelGym")}
"""An oracle that keeps to what it heard first loses nothing by contradictions alone."""
ONE_WAY = {(name, "reveals_nothing") for name in CLOSED}
"""There is one way to say maybe."""
TASKS = {name: envs.load(name, "heldout")[:20] for name in GYMS}


class Told(Recorder):
    """Keeps what was said as well."""

    async def speak(self, view):
        told = await super().speak(view)
        self.said = told.text
        return told


def heard(speaker, *questions, choices=()):
    views = [View("user", "", (Message("user", question),), choices=choices) for question in questions]
    return [drive(speaker.speak(view)).text for view in views]


@cache
def episodes(name, kind):
    return [played(name, task, other=adversary(name, kind, seed)) for seed, task in enumerate(TASKS[name])]


def user_errors(episode):
    return sum(turn.result.info.get("user_error", False) for turn in episode.turns)


@cache
def honest(name):
    return [played(name, task) for task in TASKS[name]]


def left(name, other, task):
    """Whether the user ended a conversation: what it said last has the marker, and nothing came after."""
    recorder = Told(other)
    episode = played(name, task, other=recorder)
    return episode.turns[-1].result.terminated and recorder.said.endswith(registry.entry(name).ending)


def test_each_kind_has_a_name():
    assert {f"{PREFIX}{kind}" for kind in KINDS} == set(Name.__args__) and set(KINDS) == {*MANNERS, "contradictory"}
    with pytest.raises(ValueError, match="no adversarial kind 'vage'; did you mean 'vague'"):
        envs.adversary("IntentionGym", "user", "vage", 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GYMS)
def test_it_costs_who_listens(name, kind):
    whole = sum(episode.score for episode in honest(name))
    hindered = sum(episode.score for episode in episodes(name, kind))
    print(f"{name}, {kind}: {hindered / len(TASKS[name]):.3f} of {whole / len(TASKS[name]):.3f}")
    assert hindered == whole if (name, kind) in HARMLESS else hindered < whole


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in GYMS if registry.entry(name).ending])
def test_it_ends_as_many_conversations_as_the_honest_one(name, kind):
    ended = sum(left(name, adversary(name, kind, seed), task) for seed, task in enumerate(TASKS[name]))
    assert ended == sum(left(name, partner(name), task) for task in TASKS[name]) == len(TASKS[name])


def test_a_reply_that_ends_is_given_as_it_is():
    marker = "###END###"
    bye = envs.ConstantSpeaker(f"Thanks. {marker}")
    for seed in range(10):
        for manner in MANNERS.values():
            assert heard(Withholding(manner, bye, random.Random(seed), marker), *"abcabc") == [f"Thanks. {marker}"] * 6
        assert heard(Contradictory(bye, random.Random(seed), None, marker), *"abcabc") == [f"Thanks. {marker}"] * 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", GYMS)
def test_the_same_seed_says_the_same_and_another_something_else(name, kind):
    def said(seed):
        return [message.content for message in played(name, TASKS[name][0], other=adversary(name, kind, seed)).messages]

    several = [said(seed) for seed in range(12)]
    assert several[3] == said(3)
    varied = len({tuple(words) for words in several})
    assert varied > 1 or (name, kind) in ONE_WAY


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CLOSED)
def test_closed_questions_get_closed_answers(name, kind):
    for seed, task in enumerate(TASKS[name]):
        recorder = Recorder(adversary(name, kind, seed))
        episode = played(name, task, other=recorder)
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
