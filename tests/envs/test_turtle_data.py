"""The stories, their values and their wordings: enough, different, and nothing of them in both splits."""

from collections import Counter

import pytest

import envs
from envs.text import words
from envs.turtle.catalogue import catalogue
from envs.turtle.expert import prior
from envs.turtle.grammar import asked, stated
from envs.turtle.stories import stories
from envs.turtle.values import BOTTOMS, CLAUSES, EVENTS, FRAMES, SCENES, STATEMENTS, SURFACES
from envs.turtle.wording import OPENINGS, place

SOURCES = ("generated", "handwritten")
TASKS = {split: envs.load("TurtleGym", split, source="all") for split in ("train", "heldout")}
EVERY = [task for tasks in TASKS.values() for task in tasks]


def test_there_are_enough_stories():
    assert len(stories()) >= 40 and len({surface for surface, _ in stories()}) == len(stories())
    assert all(2 <= len(hidden.criteria) <= 5 for _, hidden in stories())
    assert Counter(task.source for task in TASKS["heldout"]) == {"generated": 400, "handwritten": 14}
    assert len({task.id for task in EVERY}) == len(EVERY) and len(TASKS["train"]) >= 4000


def test_half_scores_occur_in_both_sources():
    for source in SOURCES:
        sizes = {len(criterion.values) for task in EVERY if task.source == source for criterion in task.hidden.criteria}
        assert sizes == {1, 2}


@pytest.mark.parametrize("source", SOURCES)
def test_a_word_means_one_fact(source):
    known = catalogue(source)
    counts = Counter(word for fact in known.facts.values() for word in fact.words)
    assert [word for word, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("source", SOURCES)
def test_every_model_question_is_understood(source):
    for fact in catalogue(source).facts.values():
        for form in (*fact.questions["train"], *fact.questions["heldout"]):
            assert asked(form, source) == fact, form


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("split", TASKS)
def test_explanations_are_understood(source, split):
    known = catalogue(source)
    for rank in range(8):
        values = {kind: names[rank] for kind, names in known.kinds.items()}
        assert stated(known.explanation(values, split), source) == set(values.values())


def test_every_value_is_used_and_none_often():
    for kind in catalogue("handwritten").kinds:
        counts = Counter(hidden.values[kind] for _, hidden in stories())
        assert len(counts) == 8 and max(counts.values()) <= len(stories()) / 4, counts


def test_the_statements_of_a_story_explain_it():
    for task in EVERY:
        for criterion in task.hidden.criteria:
            assert stated(criterion.statement, task.source) == set(criterion.values), criterion
        told = stated(" ".join(criterion.statement for criterion in task.hidden.criteria), task.source)
        assert told == {value for criterion in task.hidden.criteria for value in criterion.values}


def test_a_surface_does_not_say_what_is_asked_for():
    for task in EVERY:
        meant = {fact.name for word in words(task.visible.surface) if (fact := catalogue(task.source).meaning.get(word))}
        assert not meant & {value for criterion in task.hidden.criteria for value in criterion.values}, task.visible.surface


def test_scenes_and_events_leave_four_of_each_kind():
    for scene, event in ((scene, event) for scene in SCENES for event in EVENTS):
        left = prior(f"There was {event} in the {scene}. Why?", "generated")
        assert all(len(values) == 4 and values <= set(catalogue("generated").kinds[kind]) for kind, values in left.items())
    for task in EVERY:
        assert all(task.hidden.values[kind] in values for kind, values in prior(task.visible.opening, task.source).items())


def test_train_and_heldout_share_no_story():
    for source in SOURCES:
        for of in (
            lambda task: task.visible.surface if task.source == "handwritten" else task.id,
            lambda task: task.hidden.story,
            lambda task: tuple(task.hidden.values.values()),
        ):
            train, heldout = ({of(task) for task in TASKS[split] if task.source == source} for split in TASKS)
            assert not train & heldout


def test_train_and_heldout_share_no_wording():
    for source in SOURCES:
        assert OPENINGS[source]["train"] != OPENINGS[source]["heldout"]
        train, heldout = (
            {form for fact in catalogue(source).facts.values() for form in fact.questions[split]} for split in TASKS
        )
        assert not train & heldout
        for table in (FRAMES[source], CLAUSES[source]):
            assert all(
                table["train"][kind] != table["heldout"][kind] for kind in catalogue(source).kinds if kind in ("who", "how")
            )
    assert not set(SURFACES["train"]) & set(SURFACES["heldout"]) and BOTTOMS["train"] != BOTTOMS["heldout"]
    assert not set(STATEMENTS["train"].values()) & set(STATEMENTS["heldout"].values())
    for split, tasks in TASKS.items():
        assert all(place(task.visible.opening) == (task.source, split) for task in tasks)


def test_lists_depend_on_the_seed_only_and_are_cut():
    assert envs.load("TurtleGym", "heldout", count=20) == envs.load("TurtleGym", "heldout", seed=0)[:20]
    assert envs.load("TurtleGym", "heldout", seed=1) != envs.load("TurtleGym", "heldout")
    cut = envs.load("TurtleGym", "train", source="all", count=2)
    assert [task.source for task in cut] == ["generated"] * 2 + ["handwritten"] * 2
    with pytest.raises(ValueError, match="source"):
        envs.load("TurtleGym", "train", source="files")
