"""Answers by value: what they choose, that only one choice counts, and that who does not ask stays far below who does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from travel_cases import FLIGHT, SEARCH_FLIGHT, episode, gym, paid, task, turns

import envs
from envs.conversation import drive
from envs.speakers import FixedScript
from envs.travel.baselines import AskEverything, KeywordSpray, NeverAsks, NeverSearches, baselines
from envs.travel.catalogue import TOPICS, VALUES, split_of
from envs.travel.choice import Choice, read_choice
from envs.travel.expert import Demonstrator, Oracle
from envs.travel.gym import TravelGym
from envs.travel.user import TravelUser
from envs.travel.wording import BEST, CHOSEN, DESCRIBE, SEVERAL, STRAY, WRONG
from envs.verdicts import RuleJudge

BY_VALUE = {"answer_by": "value"}
HELDOUT = {source: envs.load("TravelGym", "heldout", source=source, family="all", count=8) for source in ("compact", "rich")}
EASY = envs.load("TravelGym", "heldout", count=60)
DRILLS = envs.demonstrations("TravelGym", "agent", 40, 3, recaps=80, params={"prompt": "short", **BY_VALUE})


def mean_score(agent, tasks):
    return sum(episode(agent(seed), trip, TravelUser(seed), **BY_VALUE).score for seed, trip in enumerate(tasks)) / len(tasks)


@pytest.mark.parametrize("said", ["seat window bag cabin", "bag cabin seat window", "Seats: window, luggage: cabin."])
def test_what_fits_is_settled_with_the_cheapest_of_those_alike(said):
    made = gym(**BY_VALUE)
    result = turns(made, f"[answer] {said}")[0]
    assert (result.feedback, result.rewards) == (BEST, {"env": 1.0}) and made.state()["settled"] == {"flight": "best"}


@pytest.mark.parametrize(
    "said", ["seat window bag sports", "bag sports", "seat aisle", "seat aisle bag sports", "seat window bag cabin meal vegan"]
)
def test_what_is_another_option_or_none_at_all_is_wrong_and_settles(said):
    made = gym(**BY_VALUE)
    results = turns(made, f"[answer] {said}", "[answer] seat window bag cabin")
    assert [r.feedback for r in results] == [WRONG, CHOSEN] and made.score() == 0.0


@pytest.mark.parametrize("said", ["seat window", "bag cabin"])
def test_what_several_different_options_fit_is_no_choice(said):
    made = gym(**BY_VALUE)
    assert [r.feedback for r in turns(made, f"[answer] {said}", "[answer] seat window bag cabin")] == [SEVERAL, BEST]


def test_an_option_elsewhere_is_not_chosen():
    """F3 is the cheapest of all, but in Paris; alone it is no option."""
    elsewhere = FLIGHT.model_copy(update={"correct": FLIGHT.correct[:1], "wrong": FLIGHT.wrong[:1]})
    assert read_choice("seat window bag cabin", "value").among(elsewhere) == "F2"
    assert read_choice("seat window bag sports", "value").among(elsewhere) == ""


@pytest.mark.parametrize(
    "said",
    [
        *("F5", "window cabin", "seat window bag", "seat window seat aisle", "seat seat", "seat window pool indoor"),
        *("seat window bag cabin please", "the seat window", "seat indoor", "seat"),
        " ".join(f"{topic} {value}" for topic, values in VALUES.items() for value in values),
    ],
)
def test_an_answer_names_one_value_of_topics_of_one_aspect_and_nothing_else(said):
    made = gym(**BY_VALUE)
    result = turns(made, f"[answer] {said}")[0]
    assert (result.feedback, result.rewards, made.state()["settled"]) == (DESCRIBE, {"env": 0.0}, {})


def test_an_aspect_that_is_not_wanted_is_refused():
    made = gym(**BY_VALUE)
    assert [r.feedback for r in turns(made, "[answer] gearbox manual", "[answer] F5")] == [STRAY, DESCRIBE]


def test_ids_are_no_descriptions_nor_descriptions_ids():
    assert read_choice("F5", "value") is read_choice("", "value") is None and read_choice("seat window", "id") is None
    assert read_choice("F5", "id") == Choice("flight", "F5")
    assert read_choice("seat window", "value") == Choice("flight", values={"seat": "window"})


def test_pay_and_limits_are_those_of_answers_by_id():
    made = gym(**BY_VALUE)
    assert paid(made, SEARCH_FLIGHT, "[action] Which seat?", "[answer] seat window bag cabin") == [0.2, 0.2, 1.0]
    last = turns(made, "[answer] pool indoor view sea")[0]
    assert last.terminated and made.success() and gym(**BY_VALUE).rules == gym().rules


def test_the_full_prompt_says_how_to_answer():
    system = {way: gym(prompt="full", answer_by=way).first_view.system for way in ("id", "value")}
    assert "such as F3" in system["id"] and "such as seat window bag cabin" in system["value"] and "F3" not in system["value"]


def test_a_way_that_is_none_is_refused():
    with pytest.raises(ValueError, match="answer_by is 'letter', but it is 'id' or 'value'"):
        gym(answer_by="letter")


def test_a_trip_of_userrls_is_answered_by_id():
    with pytest.raises(ValueError, match="answer by id"):
        gym(played=task(source="userrl"), **BY_VALUE)


@pytest.mark.parametrize("source", HELDOUT)
def test_who_does_not_ask_stays_below(source, capsys):
    scripts = baselines(envs.load("TravelGym", "train", source=source, family="all", count=50))
    agents = {
        "oracle": Oracle,
        "demonstrator": Demonstrator,
        "never asks": NeverAsks,
        "best fixed script": scripts["best_fixed_script"],
        "random": scripts["random"],
        "keyword spray": lambda seed: KeywordSpray(),
        "ask everything": lambda seed: AskEverything(),
        "finish first": lambda seed: FixedScript(["[finish]"]),
    }
    scores = {name: mean_score(agent, HELDOUT[source]) for name, agent in agents.items()}
    with capsys.disabled():
        print(f"\nTravelGym by value, 64 heldout {source}: " + ", ".join(f"{name} {s:.3f}" for name, s in scores.items()))
    assert scores.pop("oracle") == 1.0
    assert 0.5 < scores.pop("demonstrator") < 0.95
    assert scores.pop("never asks") <= 0.4
    assert [scores[name] for name in ("keyword spray", "ask everything", "finish first")] == [0.0] * 3
    assert all(score <= 0.1 for score in scores.values()), scores


def test_repeating_the_wishes_is_enough_which_is_why_this_is_no_test_of_reading_lists(capsys):
    """README.md says so. By id, who never searches has nothing to repeat."""
    score = mean_score(NeverSearches, EASY)
    by_id = sum(episode(NeverSearches(seed), trip, TravelUser(seed)).score for seed, trip in enumerate(EASY)) / len(EASY)
    with capsys.disabled():
        print(f"\nTravelGym, 60 heldout of family 22: never searches, by value {score:.3f}, by id {by_id:.3f}")
    assert score >= 0.9 and by_id <= 0.25


@given(values=st.dictionaries(st.sampled_from(list(VALUES)), st.text() | st.sampled_from(["window", "cabin"]), max_size=4))
@settings(max_examples=100, deadline=None)
def test_any_description_settles_one_aspect_at_most(values):
    made = gym(**BY_VALUE)
    result = turns(made, "[answer] " + " ".join(f"{topic} {value}" for topic, value in values.items()))[0]
    assert 0 <= result.rewards["env"] <= 1 and len(made.state()["settled"]) <= 1


def test_demonstrations_answer_by_value_and_drills_show_no_list_and_nothing_held_out():
    train = {trip.id: trip for trip in envs.load("TravelGym", "train")}
    shown, drills = DRILLS[:40], DRILLS[40:]
    for demonstration in DRILLS:
        said = [m.content.removeprefix("[answer] ") for m in demonstration.messages if m.content.startswith("[answer]")]
        choices = [read_choice(answer, "value") for answer in said]
        assert None not in choices and demonstration.task_id in train
    assert any("Rome" in m.content for each in shown for m in each.messages) and not any(d.last_only for d in shown)
    for drill in drills:
        assert drill.last_only and not any(m.content.startswith("[search]") for m in drill.messages)
        choice = read_choice(drill.messages[-1].content.removeprefix("[answer] "), "value")
        block = next(b for b in train[drill.task_id].hidden.blocks if b.aspect == choice.aspect)
        assert choice.among(block) == block.best_id and split_of(choice.values) == "train"
        told = " ".join(m.content for m in drill.messages[:-1])
        assert all(f"{topic} {value}" in told for topic, value in choice.values.items())
    assert len({len(drill.messages) for drill in drills}) == 2, "of one booking and of two"
    again = envs.demonstrations("TravelGym", "agent", 40, 3, recaps=80, params={"prompt": "short", **BY_VALUE})
    assert again == DRILLS


def test_values_that_fit_pay_in_every_task():
    for played in [*HELDOUT["compact"], *HELDOUT["rich"]]:
        made = TravelGym(TravelUser(0), RuleJudge(), **BY_VALUE)
        made.reset(played, 0)
        for block in played.hidden.blocks:
            features = block.correct[0].features
            order = [topic for topic in TOPICS[block.aspect] if topic in features]
            said = " ".join(f"{topic} {features[topic]}" for topic in order)
            assert drive(made.step(f"[answer] {said}")).rewards == {"env": 1.0}
        assert made.success()
