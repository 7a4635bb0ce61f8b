"""The claims, reasons and wordings: enough, understood, and nothing of them in both splits."""

from collections import Counter

import pytest

import envs
from envs.persuade.claims import claims
from envs.persuade.expert import unframed
from envs.persuade.grammar import hint, reason, subject
from envs.persuade.task import OPENINGS
from envs.persuade.topics import ARGUMENTS, HINTS, MOVED, TOPICS, UNMOVED, WON, argument

SOURCES = ("generated", "handwritten")
TASKS = {split: envs.load("PersuadeGym", split, source="all") for split in ("train", "heldout")}


def test_there_are_enough_claims():
    assert len({claim.text for claim in claims("handwritten")}) >= 60
    assert len({claim.text for claim in claims("generated")}) == 384
    assert len({claim.essay for claim in claims("handwritten")}) == len(claims("handwritten"))
    assert {split for claim in claims("handwritten") for split in [claim.split]} == {"train", "heldout"}
    assert len(TASKS["train"]) >= 2000 and len(TASKS["heldout"]) >= 400


@pytest.mark.parametrize("source", SOURCES)
def test_every_reason_is_understood_as_its_topic(source):
    for claim in claims(source):
        for topic, said in claim.reasons.items():
            assert reason(said, claim.text) == topic, said
            for split in TASKS:
                assert reason(argument(subject(claim.text), topic, split), claim.text) == topic, (claim.text, topic)


def test_an_essay_gives_no_reason_against_its_claim():
    assert [c.text for source in SOURCES for c in claims(source) if reason(c.essay, c.text) is not None] == []


def test_a_word_means_one_topic_and_every_hint_is_understood():
    counts = Counter(word for topic in TOPICS.values() for word in topic.words)
    assert [word for word, count in counts.items() if count > 1] == []
    for name, topic in TOPICS.items():
        assert all(hint(form.format(noun=topic.noun)) == name for forms in HINTS.values() for form in forms)


def test_train_and_heldout_share_no_claim():
    for source in SOURCES:
        train, heldout = ({task.visible.claim for task in TASKS[split] if task.source == source} for split in TASKS)
        assert train and heldout and not train & heldout
    pairs = {split: {frozenset(subject(c.text).split()) for c in claims("generated") if c.split == split} for split in TASKS}
    assert not pairs["train"] & pairs["heldout"]
    assert not {task.id for task in TASKS["train"]} & {task.id for task in TASKS["heldout"]}


def test_train_and_heldout_share_no_wording():
    for table in (OPENINGS, HINTS):
        assert not set(table["train"]) & set(table["heldout"])
    for words in (ARGUMENTS, MOVED, UNMOVED, WON):
        assert words["train"] != words["heldout"]
    templates = {split: {c.text.split()[0] for c in claims("generated") if c.split == split} for split in TASKS}
    assert not templates["train"] & templates["heldout"]
    for split, tasks in TASKS.items():
        assert all(unframed(task.visible.opening) == (task.visible.claim, split) for task in tasks)


def test_believers_of_a_claim_differ_and_every_topic_weighs_with_some():
    concerns = Counter(topic for task in TASKS["train"] for topic in task.hidden.concerns)
    assert set(concerns) == set(TOPICS)
    of_one = [t.hidden.concerns for t in TASKS["train"] if t.visible.claim == TASKS["train"][0].visible.claim]
    assert len(of_one) > 1 and any(other != of_one[0] for other in of_one)


def test_lists_depend_on_the_seed_only_and_are_cut():
    assert envs.load("PersuadeGym", "heldout") == envs.load("PersuadeGym", "heldout", seed=0)
    assert envs.load("PersuadeGym", "heldout", seed=1) != envs.load("PersuadeGym", "heldout")
    cut = envs.load("PersuadeGym", "train", source="all", count=2)
    assert [task.source for task in cut] == ["generated"] * 2 + ["handwritten"] * 2
    with pytest.raises(ValueError, match="source"):
        envs.load("PersuadeGym", "train", source="files")
