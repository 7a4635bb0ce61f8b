"""The world and its questions: large enough, readable, and nothing of a question in both splits."""

import hashlib
import re

import envs
from envs.conversation import drive
from envs.search.backend import Corpus
from envs.search.grammar import facts, normalised, read_question, read_results, write_results
from envs.search.loader import chains
from envs.search.relations import FRAMES, HELD_OUT_KINDS, INTRODUCTIONS, RELATIONS
from envs.search.world import PER_LAND, world

TASKS = {split: envs.load("SearchGym", split) for split in ("train", "heldout")}
THINGS = {name: thing for land in world().things.values() for name, thing in land.items()}


def test_the_world_is_the_same_everywhere():
    text = "\n".join(f"{article.title}: {article.text}" for article in world().articles)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "8ce6551ec3d29f93"
    assert len(world().articles) == len(THINGS) == 2 * sum(PER_LAND.values()) >= 300


def test_no_name_is_given_twice():
    names = [normalised(name) for thing in THINGS.values() for name in (thing.name, *thing.aliases)]
    assert len(set(names)) == len(names)


def test_articles_state_the_facts_of_their_thing_and_nothing_else():
    for article in world().articles:
        stated = {(fact.relation, fact.x): fact.y for fact in facts(article.text)}
        thing = THINGS[article.title]
        assert stated == {(relation, thing.name): y for relation, y in thing.facts.items()}
        assert set(thing.facts) == {name for name, relation in RELATIONS.items() if relation.source == thing.kind}


def test_introductions_tell_nothing():
    assert not any(facts(text.format(x="Halsen")) for texts in INTRODUCTIONS.values() for text in texts)


def test_the_lands_are_apart():
    lands = {split: set(things) for split, things in world().things.items()}
    assert not lands["train"] & lands["heldout"]
    for split, things in world().things.items():
        parity = {"train": 0, "heldout": 1}[split]
        for thing in things.values():
            for relation, y in thing.facts.items():
                assert int(y) % 2 == parity if RELATIONS[relation].target == "year" else y in lands[split]


def test_questions_say_their_chain_in_both_wordings():
    for tasks in TASKS.values():
        for task in tasks:
            assert read_question(task.visible.question) == (task.hidden.path[0], task.hidden.chain)
    assert read_question("Who are you?") is None and read_question("") is None


def test_chains_lead_to_the_answer_and_no_article_but_the_last_has_it():
    articles = {article.title: article.text for article in world().articles}
    for task in (*TASKS["train"], *TASKS["heldout"]):
        hidden = task.hidden
        names = [*hidden.path, hidden.answer]
        assert [THINGS[x].facts[r] for x, r in zip(hidden.path, hidden.chain, strict=True)] == names[1:]
        assert len(set(names)) == len(names) and hidden.answer not in articles[hidden.path[0]]
        assert hidden.aliases == (THINGS[hidden.answer].aliases if hidden.answer in THINGS else ())
        assert not any(name in task.visible.question for name in names[1:])


def test_there_are_enough_questions_of_two_and_three_hops():
    assert len(TASKS["train"]) >= 1000 and len(TASKS["heldout"]) == 400
    for tasks in TASKS.values():
        assert {len(task.hidden.chain) for task in tasks} == {2, 3}
        assert len({task.id for task in tasks}) == len(tasks)


def test_train_and_heldout_share_nothing():
    seen = {
        split: {
            "ids": {task.id for task in tasks},
            "things": {name for task in tasks for name in (*task.hidden.path, task.hidden.answer)},
            "chains": {task.hidden.chain for task in tasks},
        }
        for split, tasks in TASKS.items()
    }
    assert not any(seen["train"][what] & seen["heldout"][what] for what in seen["train"])
    phrases = {split: {relation.phrase[split] for relation in RELATIONS.values()} for split in TASKS}
    assert not phrases["train"] & phrases["heldout"] and not set(FRAMES["train"]) & set(FRAMES["heldout"])
    for split, tasks in TASKS.items():
        other = "train" if split == "heldout" else "heldout"
        frames = [re.escape(frame).replace(r"\{\}", "(.+)") for frame in FRAMES[other]]
        assert not any(re.fullmatch(frame, task.visible.question) for frame in frames for task in tasks)


def test_hospitals_and_courts_are_asked_about_in_heldout_only_and_all_else_in_train_too():
    kinds = {split: {RELATIONS[r].source for task in tasks for r in task.hidden.chain} for split, tasks in TASKS.items()}
    assert kinds["train"] == set(PER_LAND) - HELD_OUT_KINDS and kinds["heldout"] > HELD_OUT_KINDS
    relations = {r for task in TASKS["train"] for r in task.hidden.chain}
    assert relations == {name for name, relation in RELATIONS.items() if relation.source not in HELD_OUT_KINDS}
    assert set(chains().values()) == {"train", "heldout"}


def test_lists_depend_on_the_seed_only_and_are_cut():
    assert envs.load("SearchGym", "heldout") == TASKS["heldout"]
    assert envs.load("SearchGym", "heldout", seed=1) != TASKS["heldout"]
    assert envs.load("SearchGym", "train", count=2) == TASKS["train"][:2]


def test_every_article_is_found_first_by_its_title():
    for article in world().articles:
        assert drive(Corpus().search(article.title, 5))[0] == article, article.title


def test_results_are_read_as_they_are_written():
    articles = list(world().articles[:5])
    assert read_results(write_results(articles)) == articles
    assert read_results("1. no title\n: \nReward: 0.0") == []
