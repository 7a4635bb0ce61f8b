from itertools import combinations

import pytest
from envs_cases import Recorder, gym, turns

import envs
from envs.conversation import converse, drive
from envs.intention.baselines import FixedScript
from envs.intention.catalogue import CATEGORIES, SLOTS, VALUES, VALUES_PER_SLOT
from envs.intention.generator import generate
from envs.intention.grammar import count_questions, topic
from envs.intention.task import split_of
from envs.intention.user import IntentionUser
from envs.text import words

HANDWRITTEN = {split: envs.load("IntentionGym", split, source="handwritten") for split in ("train", "heldout")}
DOMAINS = {name: envs.load("IntentionGym", "heldout", source=name) for name in ("medical", "legal")}
VALUE_WORDS = {value for values in VALUES.values() for value in values}
ALL_HANDWRITTEN = [*HANDWRITTEN["train"], *HANDWRITTEN["heldout"], *DOMAINS["medical"], *DOMAINS["legal"]]


def test_every_word_of_the_catalogue_has_one_meaning():
    meanings = [*SLOTS, *CATEGORIES, *(value for values in VALUES.values() for value in values)]
    assert len(set(meanings)) == len(meanings) and all(words(word) == (word,) for word in meanings)
    assert {len(values) for values in VALUES.values()} == {VALUES_PER_SLOT} and len(SLOTS) == 16


def test_twenty_categories_of_six_slots():
    assert len(CATEGORIES) == 20
    assert all(
        len(slots) == 6 and set(slots) <= set(SLOTS) and set(slots.values()) == {1, 2, 3} for slots in CATEGORIES.values()
    )
    assert {slot for slots in CATEGORIES.values() for slot in slots} == set(SLOTS)


def test_loaded_lists_are_stable_and_disjoint_by_content():
    train, heldout = envs.load("IntentionGym", "train"), envs.load("IntentionGym", "heldout")
    assert (len(train), len(heldout)) == (4000, 400)
    assert len({task.id for task in train + heldout}) == 4400
    assert not {task.visible.request for task in train} & {task.visible.request for task in heldout}
    assert all(split_of(task.visible.request) == "train" for task in train)
    frames = {" ".join(w for w in words(t.visible.request) if w not in {*SLOTS, *CATEGORIES, *VALUE_WORDS}) for t in heldout}
    assert frames == {"i plan a", "with i plan a", "with and with i plan a", "with and with and with i plan a"}
    assert heldout[0].id == "intention-generated-ea55dcf84262", "the task list changed: results are no longer comparable"


def test_other_seeds_keep_to_the_splits():
    assert generate("train", 50, 1) != generate("train", 50, 2)
    assert generate("train", 50, 1) == generate("train", 50, 1)
    assert not {t.visible.request for t in generate("train", 500, 1)} & {t.visible.request for t in generate("heldout", 500, 2)}


def test_generated_tasks_state_up_to_three_of_six_slots():
    for task in generate("train", 200, 3):
        missing = {detail.slot: detail.importance for detail in task.hidden.details}
        assert 3 <= len(missing) <= 6
        assert (
            missing | {slot: CATEGORIES[task.visible.category][slot] for slot in task.mentioned}
            == CATEGORIES[task.visible.category]
        )
        assert not {detail.value for detail in task.hidden.details} & set(words(task.visible.request))


def test_sources():
    assert [len(HANDWRITTEN[split]) for split in ("train", "heldout")] == [60, 20]
    assert len(envs.load("IntentionGym", "heldout", source="all")) == 420
    for wrong in ({"source": "medicine"}, {"heldout": "medicine"}):
        with pytest.raises(ValueError, match="no source 'medicine'; did you mean 'medical'"):
            envs.load("IntentionGym", "train", **wrong)


@pytest.mark.parametrize("name", DOMAINS)
def test_domains_are_held_out_only(name):
    assert len(DOMAINS[name]) >= 20 and {task.visible.category for task in DOMAINS[name]} == {f"{name}-intake"}
    assert envs.load("IntentionGym", "train", source=name) == []
    assert {detail.importance for task in DOMAINS[name] for detail in task.hidden.details} == {1, 2, 3}


def test_what_is_trained_on_one_field_can_be_measured_on_another():
    assert envs.load("IntentionGym", "heldout", heldout="legal") == DOMAINS["legal"]
    assert envs.load("IntentionGym", "train", heldout="legal") == envs.load("IntentionGym", "train")


def test_handwritten_splits_share_nothing():
    def content(tasks):
        shared = {task.visible.request for task in tasks} | {task.visible.category for task in tasks}
        details = [detail for task in tasks for detail in task.hidden.details]
        return shared | {d.description for d in details} | {d.inquiries for d in details} | {d.value for d in details}

    lists = [content(tasks) for tasks in (*HANDWRITTEN.values(), *DOMAINS.values())]
    assert not [one & other for one, other in combinations(lists, 2) if one & other]


@pytest.mark.parametrize("task", ALL_HANDWRITTEN, ids=lambda task: task.id)
def test_a_handwritten_task_can_be_played(task):
    details = task.hidden.details
    assert 3 <= len(details) <= 6
    for detail in details:
        question = detail.inquiries[0]
        assert count_questions(question, task.slot_names) == 1
        assert topic(question, {d.slot: d.inquiries for d in details}) == detail.slot
        assert detail.slot in words(detail.description)
        assert detail.value.casefold() not in task.visible.request.casefold()
    script = FixedScript(
        [f"[action] {detail.inquiries[0]}" for detail in details],
        "[answer] " + "; ".join(f"{detail.description}: {detail.value}" for detail in details),
    )
    partner = Recorder(IntentionUser(0))
    made = gym(partner, None, task, prompt="full")
    result = drive(converse(made, made.first_view, script))
    assert result.score == 1.0 and result.success
    assert all(detail.value in turn.result.feedback for detail, turn in zip(details, result.turns, strict=False))


def test_the_user_of_a_handwritten_task_tells_only_what_is_asked():
    task = HANDWRITTEN["train"][0]
    question = f"[action] {task.hidden.details[0].inquiries[0]}"
    first, again, vague = turns(gym(played=task), question, question, "[action] Anything else?")
    assert task.hidden.details[0].value in first.feedback
    assert "already" in again.feedback and "more exact" in vague.feedback
