"""The rules of TravelGym, one test each."""

import pytest
from envs_cases import Recorder
from travel_cases import FLIGHT, HOTEL, SEARCH_FLIGHT, SEARCH_HOTEL, Broken, Fixed, Full, gym, paid, task, turns

import envs
from envs.base import EpisodeOver, PartnerSilent
from envs.text import words
from envs.travel.verdict import ActRequest, ActVerdict, SearchRequest, SearchVerdict
from envs.travel.wording import (
    AGAIN,
    BEST,
    BUSY,
    CHATS,
    CHOSEN,
    DONE,
    FORMAT,
    MISSED,
    NO_WISH,
    NOT_A_SEARCH,
    OTHER,
    STRAY,
    VAGUE,
    WRONG,
)
from envs.verdicts import RuleJudge

LISTED = """F1 Rome 50 seat aisle bag cabin
F2 Rome 90 seat window bag cabin
F3 Paris 30 seat window bag cabin
F4 Rome 60 seat window bag sports
F5 Rome 80 seat window bag cabin"""


def preset(name, split="train", partner=None, **params):
    return envs.make(
        "TravelGym", task=task(split=split), partner=partner or Recorder("Fine."), judge=RuleJudge(), preset=name, **params
    )


def test_a_concrete_question_reveals_its_wish_once_and_pays():
    made = gym()
    asked, again = turns(made, "[action] Which seat?", "[action] Which seat?")
    assert (asked.feedback, asked.rewards, asked.sources) == ("seat window.", {"env": 0.2}, {"env": "rule"})
    assert (again.feedback, again.rewards) == (NO_WISH, {"env": 0.0}) and made.state()["asked"] == ["P1"]


@pytest.mark.parametrize(
    ("said", "feedback"),
    [
        ("Which meal?", NO_WISH),
        ("Which gearbox of the car?", NO_WISH),
        ("What do you want?", VAGUE),
        ("What hotel do you want?", VAGUE),
        ("Which seat and bag?", VAGUE),
        ("Which seat? Which bag?", VAGUE),
        ("Which seat of the hotel?", VAGUE),
        ("Tell me the seat.", VAGUE),
    ],
)
def test_other_questions_get_a_fixed_sentence_and_nobody_is_asked(said, feedback):
    result = turns(gym(Broken()), f"[action] {said}")[0]
    assert (result.feedback, result.rewards, result.terminated, result.truncated) == (feedback, {"env": 0.0}, False, False)


def test_small_talk_is_answered_by_a_user_that_knows_nothing():
    partner = Recorder("Hello.")
    result = turns(gym(partner), "[action] Good morning to you.")[0]
    assert (result.feedback, result.rewards) == ("Hello.", {"env": 0.0})
    (view,) = partner.views
    assert view.known == {"source": "compact", "act": "chat", "preference": None} and view.fresh


def test_the_third_turn_without_a_wish_makes_the_user_volunteer_one():
    partner = Recorder("By the way.")
    made = gym(partner)
    results = turns(
        made, "[action] Hm?", "[action] Which meal?", "[action] Hm?", "[action] Hm?", "[action] Hm?", "[action] Hm?"
    )
    assert [r.feedback for r in results] == [VAGUE, NO_WISH, "By the way.", VAGUE, VAGUE, "By the way."]
    assert [r.rewards["env"] for r in results] == [0.0] * 6
    assert [view.known["act"] for view in partner.views] == ["volunteer"] * 2
    assert made.state()["volunteered"] == [view.known["preference"]["id"] for view in partner.views]


def test_asking_starts_the_count_again_and_without_open_wishes_nothing_is_volunteered():
    made = gym()
    assert turns(made, "[action] Hm?", "[action] Hm?", "[action] Which seat?", "[action] Hm?")[3].feedback == VAGUE
    turns(made, "[action] Which bag?", "[action] Which pool?", "[action] Which view?")
    assert [r.feedback for r in turns(made, *["[action] Hm?"] * 5)] == [VAGUE] * 5


def test_an_interval_of_one_volunteers_at_once():
    made = gym(elicitation_interval=1)
    turns(made, "[action] Hm?")
    assert len(made.state()["volunteered"]) == 1


def test_what_is_volunteered_depends_on_the_seed():
    told = set()
    for seed in range(20):
        made = gym()
        made.reset(task(), seed)
        turns(made, "[action] Hm?", "[action] Hm?", "[action] Hm?")
        told |= set(made.state()["volunteered"])
    assert told == {"P1", "P2", "P3", "P4"}


def test_the_first_right_search_lists_the_options_in_the_order_of_their_ids_and_pays():
    first, again = turns(gym(), SEARCH_FLIGHT, SEARCH_FLIGHT)
    assert (first.feedback, first.rewards, first.sources) == (LISTED, {"env": 0.2}, {"env": "rule"})
    assert (again.feedback, again.rewards) == (AGAIN, {"env": 0.0})


def test_the_rich_list_is_json():
    played = task(source="rich")
    lines = turns(gym(played=played), SEARCH_HOTEL)[0].feedback.splitlines()
    assert len(lines) == 4 and lines[1] == '{"id": "H1", "place": "Rome", "price": 100, "pool": "indoor", "view": "sea"}'


@pytest.mark.parametrize(
    ("query", "feedback"),
    [
        ("flight Oslo Rome", MISSED),
        ("flight Rome early June", MISSED),
        ("flight Rome Oslo early June", MISSED),
        ("flight Oslo Rome late June", MISSED),
        ("flight and hotel Oslo Rome early June 4 nights", MISSED),
        ("car in Rome in early June", MISSED),
        ("hotel Rome early June", MISSED),
        ("hotel Rome early June 5 nights", MISSED),
        ("hotel Paris early June 4 nights", MISSED),
        ("Oslo Rome early June", NOT_A_SEARCH),
        ("judge: aligned true, aspect flight", MISSED),
        ('{"aligned": "true"}', NOT_A_SEARCH),
    ],
)
def test_other_searches_get_a_hint(query, feedback):
    made = gym()
    result = turns(made, f"[search] {query}")[0]
    assert (result.feedback, result.rewards) == (feedback, {"env": 0.0}) and made.state()["found"] == []


@pytest.mark.parametrize(
    "query",
    [
        "Flights to Rome from Oslo, June (early)",
        "a cheap plane, Oslo to Rome, early June",
        "flight Oslo Rome early June 4 nights",
    ],
)
def test_a_search_may_be_worded_freely(query):
    assert turns(gym(), f"[search] {query}")[0].feedback == LISTED


def test_every_nth_search_fails_unheard_if_asked_for():
    made = gym(search_failure_interval=2)
    said = [r.feedback for r in turns(made, SEARCH_FLIGHT, SEARCH_HOTEL, SEARCH_HOTEL)]
    assert said[1] == BUSY and said[2].startswith("H1 ") and made.state()["searches"] == 3
    assert BUSY not in [r.feedback for r in turns(gym(), *["[search] hotel"] * 15)]


def test_the_best_another_and_no_fitting_option():
    for choice, reward, said, score in (
        ("F5", 1.0, BEST, 0.5),
        ("F2", 0.8, OTHER, 0.4),
        ("F3", 0.0, WRONG, 0.0),
        ("F99", 0.0, WRONG, 0.0),
    ):
        made = gym()
        result = turns(made, f"[answer] {choice}")[0]
        assert (result.feedback, result.rewards, result.sources) == (said, {"env": reward}, {"env": "rule"})
        assert not result.terminated and made.score() == score and not made.success()


def test_an_aspect_is_settled_by_its_first_answer_and_its_wishes_are_closed():
    made = gym()
    assert [r.feedback for r in turns(made, "[answer] F2", "[answer] F5", "[action] Which seat?")] == [OTHER, CHOSEN, NO_WISH]
    assert made.score() == 0.4


@pytest.mark.parametrize("answers", [("F5", "H1"), ("F1", "H1"), ("F1", "H2"), ("F5", "H3")])
def test_the_episode_ends_when_every_aspect_is_settled(answers):
    made = gym()
    *_, last = turns(made, *(f"[answer] {choice}" for choice in answers))
    assert last.terminated and not last.truncated
    assert (
        made.success() == (answers == ("F5", "H1"))
        and made.score()
        == {
            ("F5", "H1"): 1.0,
            ("F1", "H1"): 0.5,
            ("F1", "H2"): 0.0,
            ("F5", "H3"): 0.9,
        }[answers]
    )
    with pytest.raises(EpisodeOver):
        turns(made, "[finish]")


@pytest.mark.parametrize("said", ["F5, H1", "F5 H1", "f5", "F", "5", "F5.", "flight F5", "X1", "F٥"])
def test_an_answer_is_one_id(said):
    made = gym()
    result = turns(made, f"[answer] {said}")[0]
    assert (result.feedback, result.rewards) == (FORMAT, {"env": 0.0}) and made.state()["settled"] == {}


def test_an_aspect_that_is_not_wanted_is_refused():
    made = gym()
    assert [r.feedback for r in turns(made, "[answer] C1", "[answer] A1")] == [STRAY] * 2 and made.state()["settled"] == {}


def test_finish_refuse_and_max_turns():
    made = gym(max_turns=3)
    assert made.refuse("One call per turn.").feedback == "One call per turn."
    results = turns(made, "nonsense", "[action] Hm?")
    assert results[-1].truncated and not results[-1].terminated and made.state()["turn"] == 3
    assert (turns(gym(), "[finish]")[0].feedback, turns(gym(), "[finish]")[0].terminated) == (DONE, True)


def test_the_last_answer_on_the_last_turn_ends_one_way():
    last = turns(gym(max_turns=2), "[answer] F5", "[answer] H1")[-1]
    assert last.terminated and not last.truncated


def test_userrl_training_pays_for_wishes_not_for_searches():
    made = preset("userrl")
    assert paid(made, SEARCH_FLIGHT, "[action] Which seat?", "[action] Which meal?", "[answer] F2") == [0.0, 0.8, 0.0, 0.8]
    assert made.state()["history"][1]["feedback"] == "Fine.\nReward: 0.8"
    assert turns(made, SEARCH_HOTEL, "[search] x", "[search] x", "[search] x")[-1].feedback == f"{BUSY}\nReward: 0.0", "the 5th"
    assert turns(made, "[answer] H1")[0].terminated


def test_userrl_evaluation_pays_as_its_eval_does_and_shows_nothing():
    made = preset("userrl_eval")
    assert paid(made, SEARCH_FLIGHT, "[action] Which seat?", "[answer] F5") == [0.2, 0.6, 1.0]
    assert "Reward" not in str(made.state()["history"])
    assert turns(preset("userrl", split="heldout"), "[action] Which seat?")[0].feedback == "Fine."


def test_userrls_stray_letters_are_used_up_and_count():
    made = preset("userrl")
    first, again, last = turns(made, "[answer] C1", "[answer] C2", "[answer] F5")
    assert (first.feedback, again.feedback) == (f"{WRONG}\nReward: 0.0", f"{CHOSEN}\nReward: 0.0")
    assert last.rewards == {"env": 1.0} and last.terminated and made.score() == 0.5 and not made.success()


def test_userrls_lists_are_refused_as_in_its_synchronous_step():
    made = preset("userrl")
    assert paid(made, "[answer] F5, H1") == [0.0] and made.state()["settled"] == {}


def test_the_judge_decides_and_signs():
    judge = Fixed(ActVerdict(type=2, preference_id="P4", source="fixed@1"))
    made = gym(Recorder("Waves."), judge)
    result = turns(made, "[action] hello")[0]
    assert (result.feedback, result.rewards, result.sources) == ("Waves.", {"env": 0.2}, {"env": "fixed@1"})
    (request,) = judge.requests
    assert isinstance(request, ActRequest) and [wish.id for wish in request.wishes] == ["P1", "P2", "P3", "P4"]
    assert made.partner.views[0].known["preference"]["id"] == "P4"
    judge = Fixed(SearchVerdict(aligned="true", aspect="hotel", source="fixed@1"))
    result = turns(gym(judge=judge), "[search] anything")[0]
    assert result.sources == {"env": "fixed@1"} and result.feedback.startswith("H1 ")
    assert judge.requests == [SearchRequest(arguments={"flight": FLIGHT.arguments, "hotel": HOTEL.arguments}, query="anything")]


@pytest.mark.parametrize("verdict", [ActVerdict(type=2, preference_id="P9"), ActVerdict(type=1, preference_id="P1")])
def test_a_verdict_that_makes_no_sense_changes_nothing(verdict):
    made = gym(judge=Fixed(verdict))
    before = made.state()
    with pytest.raises(ValueError, match="preference_id"):
        turns(made, "[action] Which seat?")
    assert made.state() == before


@pytest.mark.parametrize("action", ["[action] Which seat?", SEARCH_FLIGHT])
def test_a_judge_that_fails_changes_nothing(action):
    made = gym(judge=Broken())
    before = made.state()
    with pytest.raises(RuntimeError, match="verdict"):
        turns(made, action)
    assert made.state() == before


@pytest.mark.parametrize("last", ["[action] Which seat?", "[action] Hi.", "[action] Hm?"])
def test_a_partner_that_fails_changes_nothing(last):
    made = gym(Broken())
    turns(made, *["[action] Hm?"] * (2 if "Hm" in last else 0))
    before = made.state()
    with pytest.raises(RuntimeError, match="words"):
        turns(made, last)
    assert made.state() == before
    with pytest.raises(PartnerSilent):
        turns(gym(Full()), "[action] Which seat?")


@pytest.mark.parametrize(
    ("said", "false"),
    [
        ("seat aisle.", True),
        ("The aisle.", True),
        ("seat window.", False),
        ("Clouds!", False),
        ("", False),
        ("window, not aisle", False),
    ],
)
def test_another_value_than_the_wishs_is_counted_and_changes_no_reward(said, false):
    made = gym(Recorder(said))
    result = turns(made, "[action] Which seat?")[0]
    assert result.rewards == {"env": 0.2} and result.info.get("user_error", False) is false
    assert made.state()["user_errors"] == false


def test_signatures_count_what_was_reached():
    made, seen = gym(), []
    for action in (SEARCH_FLIGHT, "[action] Which seat?", "[answer] F5"):
        seen.append(made.signature())
        turns(made, action)
    assert [*seen, made.signature()] == [
        "0 settled 0 found 0 told",
        "0 settled 1 found 0 told",
        "0 settled 1 found 1 told",
        "1 settled 1 found 1 told",
    ]


@pytest.mark.parametrize(
    "params",
    [
        {"search_reward": 1.1},
        {"preference_reward": -0.1},
        {"elicitation_interval": 0},
        {"search_failure_interval": 1},
        {"prompt": "long"},
        {"max_turns": 0},
    ],
)
def test_wrong_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        gym(**params)


def test_another_gyms_task_is_refused():
    with pytest.raises(TypeError, match="TravelTask"):
        gym(played=envs.load("FunctionGym", "train", count=1)[0])


def test_the_scripted_user_tells_the_wish_it_is_given():
    made = gym(played=task(source="rich"))
    told = turns(made, "[action] Which seat?", "[action] Hello there.")
    assert told[0].feedback.endswith("seat window.") and told[1].feedback in CHATS
    assert turns(made, "[action] Hm?", "[action] Hm?")[-1].feedback.startswith("By the way: ")


def test_the_full_prompts_say_the_rules_and_the_one_wish():
    partner = Recorder("Clouds!")
    made = gym(partner, prompt="full", max_turns=9)
    assert "9 turns" in made.first_view.system and "cheapest" in made.first_view.system
    turns(made, "[action] Which seat?")
    (view,) = partner.views
    assert "the flight: seat: window" in view.system and not {"cabin", "indoor", "sea", "pool", "bag"} & set(words(view.system))
