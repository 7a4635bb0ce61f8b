"""The things, their facts and their wordings: enough, different, and nothing of them in both splits."""

import pytest

import envs
from envs.closed import SAID
from envs.telepathy.attributes import FEATURES, QUESTIONS
from envs.telepathy.grammar import attribute, is_name
from envs.telepathy.things import things
from envs.telepathy.wording import OPENINGS, place
from envs.text import words

SOURCES = ("generated", "handwritten")
TASKS = {split: envs.load("TelepathyGym", split, source="all") for split in ("train", "heldout")}


def test_there_are_enough_things_with_whole_tables():
    assert len(things("handwritten")) >= 120 and len(things("generated")) == 480
    for source in SOURCES:
        assert all(set(thing.facts) == set(QUESTIONS[source]) for thing in things(source))
        assert {answer for thing in things(source) for answer in thing.facts.values()} == set(SAID)


@pytest.mark.parametrize("source", SOURCES)
def test_facts_and_names_tell_things_apart(source):
    assert len({tuple(thing.facts.values()) for thing in things(source)}) == len(things(source))
    names = [" ".join(words(name)) for thing in things(source) for name in (thing.name, *thing.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("source", SOURCES)
def test_every_model_question_is_understood_and_means_one_attribute(source):
    for name, forms in QUESTIONS[source].items():
        assert forms["train"] and forms["heldout"]
        assert {attribute(form, source) for form in (*forms["train"], *forms["heldout"])} == {name}


def test_every_attribute_holds_for_some_things_and_not_for_others():
    for source in SOURCES:
        for name in QUESTIONS[source]:
            answers = [thing.facts[name] for thing in things(source)]
            assert answers.count("yes") >= 2 and answers.count("no") >= len(answers) / 4, name


def test_train_and_heldout_share_no_thing():
    names = {split: {name for task in tasks for name in task.hidden.names} for split, tasks in TASKS.items()}
    assert not names["train"] & names["heldout"]
    facts = {split: {tuple(task.hidden.facts.items()) for task in tasks} for split, tasks in TASKS.items()}
    assert not facts["train"] & facts["heldout"]
    ids = {split: {task.id for task in tasks} for split, tasks in TASKS.items()}
    assert not ids["train"] & ids["heldout"] and len(ids["train"]) == len(TASKS["train"])
    assert len(TASKS["heldout"]) >= 120


def test_train_and_heldout_share_no_wording():
    for source in SOURCES:
        assert not set(OPENINGS[source]["train"]) & set(OPENINGS[source]["heldout"])
        train, heldout = ({form for forms in QUESTIONS[source].values() for form in forms[split]} for split in TASKS)
        assert not train & heldout
    for split, tasks in TASKS.items():
        assert all(place(task.visible.opening) == (task.source, split) for task in tasks)


def test_lists_depend_on_the_seed_only_and_are_cut():
    assert envs.load("TelepathyGym", "heldout") == envs.load("TelepathyGym", "heldout", seed=0)
    assert envs.load("TelepathyGym", "heldout", seed=1) != envs.load("TelepathyGym", "heldout")
    cut = envs.load("TelepathyGym", "train", source="all", count=2)
    assert [task.source for task in cut] == ["generated"] * 2 + ["handwritten"] * 2
    with pytest.raises(ValueError, match="source"):
        envs.load("TelepathyGym", "train", source="files")


def test_a_generated_name_says_all_its_features():
    for thing in things("generated"):
        assert {name for name, answer in thing.facts.items() if answer == "yes"} == set(thing.name.split())
        assert [word in FEATURES[kind] for kind, word in zip(FEATURES, thing.name.split(), strict=True)] == [True] * 4


def test_no_thing_is_named_by_the_words_of_another():
    for source in SOURCES:
        for thing in things(source):
            others = [name for other in things(source) if other is not thing for name in (other.name, *other.aliases)]
            assert is_name(thing.name, [thing.name]) and not is_name(thing.name, others)
