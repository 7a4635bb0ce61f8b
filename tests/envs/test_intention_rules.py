"""One test per rule of IntentionGym. The task: date 3, food 2, music 1 are missing, color is stated."""

import json

import pytest
from envs_cases import FixedJudge, Recorder, ask, gym, task, turns

import envs
from envs.base import EpisodeOver
from envs.intention.wording import NO_MATTER, NOT_YET, ONE_QUESTION, TOLD, VAGUE
from envs.speakers import ConstantSpeaker

TOTAL = 1.0 + 0.7 + 0.4
EVERYTHING = (ask("date"), ask("food"), ask("music"))


def rewards(results):
    return [result.rewards["env"] for result in results]


def test_questions_are_paid_by_importance():
    assert rewards(turns(gym(closing=False), *EVERYTHING)) == [1.0, 0.7, 0.4]


def test_with_a_closing_turn_questions_and_answer_earn_half_each():
    results = turns(gym(), *EVERYTHING, "[answer] date june; food soup; music jazz")
    assert rewards(results) == [0.5, 0.35, 0.2, TOTAL / 2]
    assert results[-1].feedback == "3 of 3 right."


def test_a_detail_is_paid_once():
    first, again = turns(gym(), ask("date"), ask("date"))
    assert (first.feedback, again.feedback) == ("With date june.", TOLD)
    assert rewards([again]) == [0]


@pytest.mark.parametrize(
    ("utterance", "reply"),
    [
        ("What is the color?", TOLD),
        ("What is the size?", NO_MATTER),
        ("Tell me more?", VAGUE),
        ("hello", VAGUE),
        ("date?", VAGUE),
    ],
)
def test_the_scripted_user_replies(utterance, reply):
    (result,) = turns(gym(), f"[action] {utterance}")
    assert result.feedback == reply and rewards([result]) == [0]


@pytest.mark.parametrize(
    "utterance", ["What is the date? What is the food?", "What is the date and food?", "tell me the date. tell me the food."]
)
def test_several_questions_are_refused_before_anyone_hears_them(utterance):
    partner, judge = Recorder("OK."), FixedJudge(0)
    (result,) = turns(gym(partner, judge), f"[action] {utterance}")
    assert (result.feedback, result.rewards, partner.views, judge.requests) == (ONE_QUESTION, {"env": 0.0}, [], [])


def test_a_turn_judged_to_cover_several_details_earns_nothing():
    partner = Recorder("OK.")
    made = gym(partner, FixedJudge(0, 2))
    (result,) = turns(made, "[action] When, and with what in the ears?")
    assert (result.feedback, result.rewards, partner.views) == (ONE_QUESTION, {"env": 0.0}, [])
    assert made.signature() == "1-1-1"


def test_patience_is_the_missing_details_and_two():
    results = turns(gym(), *["[action] Hm?"] * 5)
    assert [result.feedback for result in results] == [VAGUE] * 4 + [f"{VAGUE} Answer."]


def test_patience_is_bounded_by_max_turns_closing_turn_included():
    results = turns(gym(max_turns=3), ask("date"), ask("food"), "[answer] date june")
    assert results[1].feedback == "With food soup. Answer." and results[2].terminated
    with pytest.raises(ValueError, match="max_turns"):
        gym(max_turns=1)


def test_without_closing_turn_impatience_truncates_and_finding_all_terminates():
    assert turns(gym(closing=False, max_turns=2), ask("date"), ask("food"))[-1].truncated
    found = turns(gym(closing=False, max_turns=3), *EVERYTHING)[-1]
    assert found.terminated and not found.truncated


def test_the_closing_turn_comes_when_nothing_is_left_and_is_one_turn():
    made = gym()
    results = turns(made, *EVERYTHING, "[answer] food soup")
    assert results[2].feedback == "With music jazz. Answer." and not results[2].terminated
    assert results[3].terminated and rewards(results)[3] == 0.35
    with pytest.raises(EpisodeOver):
        turns(made, "[answer] date june")


@pytest.mark.parametrize(
    ("answer", "reward"),
    [
        ("date june; food soup; music jazz", TOTAL / 2),
        ("Date: June; Food is soup.", 0.85),
        ("date june; date july", 0),
        ("date june; date june", 0),
        ("date july; food soup", 0.35),
        ("date june july", 0),
        ("color red; size huge", 0),
        ("june soup jazz", 0),
    ],
)
def test_the_answer_is_scored_by_detail(answer, reward):
    assert rewards(turns(gym(), *EVERYTHING, f"[answer] {answer}"))[-1] == pytest.approx(reward)


def test_a_detail_never_asked_for_may_be_answered():
    results = turns(gym(), *["[action] Hm?"] * 5, "[answer] date june")
    assert rewards(results)[-1] == 0.5


@pytest.mark.parametrize("last", ["[finish]", ask("date"), "date june", "[answer]", ""])
def test_anything_else_in_the_closing_turn_ends_with_nothing_more(last):
    made = gym()
    result = turns(made, *EVERYTHING, last)[-1]
    assert result.terminated and rewards([result]) == [0]
    assert made.score() == pytest.approx(0.5) and not made.success()


def test_an_early_answer_costs_a_turn():
    results = turns(gym(), *["[answer] date june"] * 5)
    assert [result.feedback for result in results] == [NOT_YET] * 4 + [f"{NOT_YET} Answer."]
    assert rewards(results) == [0] * 5


def test_finish_ends_with_what_was_earned():
    made = gym()
    result = turns(made, ask("date"), "[finish]")[-1]
    assert result.terminated and made.score() == pytest.approx(0.5 / TOTAL)


@pytest.mark.parametrize(
    "action", ["What is the date?", "[search] date", "[Action] What is the date?", "[action] [action] What is the date?", ""]
)
def test_what_is_no_action_costs_a_turn(action):
    made = gym()
    (result,) = turns(made, action)
    assert result.rewards == {"env": 0.0} and result.feedback and made.state()["turn"] == 1


def test_refusing_costs_a_turn_and_ends_the_closing_turn():
    made = gym(max_turns=3)
    assert [made.refuse("Bad call.").feedback for _ in range(2)] == ["Bad call.", "Bad call. Answer."]
    assert made.refuse("Bad call.").terminated
    with pytest.raises(EpisodeOver):
        made.refuse("Bad call.")


def test_a_gym_must_be_reset_first():
    made = envs.create("IntentionGym", ConstantSpeaker(""), envs.RuleJudge())
    with pytest.raises(EpisodeOver):
        turns(made, ask("date"))


def test_score_and_success():
    made = gym()
    turns(made, *EVERYTHING)
    assert made.score() == pytest.approx(0.5) and not made.success()
    turns(made, "[answer] date june; food soup; music jazz")
    assert made.score() == 1.0 and made.success()


def test_signature_counts_what_is_left_by_importance():
    made = gym()
    assert made.signature() == "1-1-1"
    turns(made, ask("date"), ask("music"))
    assert made.signature() == "0-1-0"
    turns(made, ask("food"))
    assert made.signature() == "answer 0-0-0"


def test_state_is_json():
    made = gym()
    turns(made, *EVERYTHING)
    state = json.loads(json.dumps(made.state()))
    assert state["covered"] == ["date", "food", "music"] and len(state["history"]) == 3


def test_rewards_name_their_source():
    results = turns(gym(judge=FixedJudge(0)), "[action] Hm?", "[answer] early")
    assert [result.sources for result in results] == [{"env": "fixed@1"}, {"env": "rule"}]


def test_off_topic_verdicts_cover_nothing():
    assert rewards(turns(gym(judge=FixedJudge(0, on_topic=False)), "[action] Hm?")) == [0]


@pytest.mark.parametrize("covered", [(0, 0), (7,), (-1,)])
def test_a_senseless_verdict_is_an_error_that_costs_no_turn(covered):
    made = gym(judge=FixedJudge(*covered))
    with pytest.raises(ValueError, match=r"intention\.coverage"):
        turns(made, "[action] Hm?")
    assert made.state()["turn"] == 0


@pytest.mark.parametrize(
    ("reply", "wrong"), [("date july.", True), ("date soup.", True), ("With date june.", False), ("OK.", False)]
)
def test_a_false_reply_is_noted_and_changes_no_reward(reply, wrong):
    (result,) = turns(gym(ConstantSpeaker(reply)), ask("date"))
    assert result.info.get("user_error", False) is wrong and result.rewards == {"env": 0.5}


class TestUserRL:
    def made(self, judge=None, **params):
        return envs.make(
            "IntentionGym",
            task=task(),
            partner=ConstantSpeaker("OK."),
            judge=judge or envs.RuleJudge(),
            preset="userrl",
            **params,
        )

    @pytest.mark.parametrize(("covered", "reward"), [((0,), 1.0), ((1, 0), 0.8), ((1, 2), 0.5), ((0, 1, 2), 0.6), ((), 0.0)])
    def test_each_further_detail_costs(self, covered, reward):
        assert rewards(turns(self.made(FixedJudge(*covered)), "[action] Hm?")) == [pytest.approx(reward)]

    def test_several_questions_are_heard(self):
        assert rewards(turns(self.made(), "[action] What is the date? What is the food?")) == [pytest.approx(0.8)]

    def test_patience_is_max_turns_and_nothing_is_answered(self):
        results = turns(self.made(max_turns=7), "[answer] date june", *["[action] Hm?"] * 6)
        assert results[-1].truncated and [result.truncated for result in results[:-1]] == [False] * 6

    @pytest.mark.parametrize("choice", ["action", "answer", "search"])
    def test_whatever_is_said_is_a_question(self, choice):
        assert rewards(turns(self.made(), f"[{choice}] What is the date?")) == [1.0]
        assert rewards(turns(gym(closing=False), f"[{choice}] What is the date?")) == [1.0 if choice == "action" else 0.0]

    @pytest.mark.parametrize("finish", ["[finish]", "[FINISH]", "[Finish]", "[finIsh] now"])
    def test_finish_ends_in_any_case_of_letters_and_pays_nothing(self, finish):
        made = self.made()
        asked, ended = turns(made, ask("date"), finish)
        assert (ended.terminated, ended.truncated, ended.rewards) == (True, False, {"env": 0.0})
        assert made.score() == pytest.approx(1.0 / TOTAL) and not made.success() and not asked.terminated
        assert turns(gym(), finish)[0].terminated == finish.startswith("[finish]")

    @pytest.mark.parametrize(
        "questions", [EVERYTHING, [" ".join(["[action]", *(q.removeprefix("[action] ") for q in EVERYTHING)])]]
    )
    def test_covering_everything_terminates(self, questions):
        made = self.made(max_turns=len(questions))
        *_, last = turns(made, *questions)
        assert last.terminated and not last.truncated and made.success()
        assert made.score() == pytest.approx((TOTAL if len(questions) == 3 else 0.6) / TOTAL)
        with pytest.raises(EpisodeOver):
            turns(made, ask("date"))

    def test_the_cap_with_details_left_truncates_and_does_not_terminate(self):
        """UserRL sets both flags there: a row of the table."""
        last = turns(self.made(max_turns=2), ask("date"), "[action] Hm?")[-1]
        assert last.truncated and not last.terminated

    def test_parameters_win_over_the_preset(self):
        made = self.made(closing=True)
        results = turns(made, *EVERYTHING, "[answer] date june; food soup; music jazz")
        assert made.closing is True and results[-1].feedback.startswith("3 of 3 right.")


class TestViews:
    def test_the_tiny_agent_sees_the_request(self):
        view = gym().first_view
        assert (view.role, view.system, [message.content for message in view.messages]) == (
            "agent",
            "Ask.",
            ["I need a party with color red."],
        )

    def test_the_full_prompt_tells_the_rules_that_hold(self):
        strict, lenient = (
            gym(prompt="full").first_view.system,
            gym(prompt="full", strict=False, closing=False).first_view.system,
        )
        assert "refused" in strict and 'choice "answer"' in strict
        assert "earns less" in lenient and 'choice "answer"' not in lenient

    def test_the_tiny_user_sees_a_dynamic_profile_and_the_question(self):
        partner = Recorder("OK.")
        turns(gym(partner), ask("food"), ask("date"))
        first, second = partner.views
        assert first.system == "with date june; food soup; music jazz. told color"
        assert second.system == "with date june; music jazz. told color food"
        assert second.fresh and [message.content for message in second.messages] == ["What is the date?"]

    def test_the_full_user_prompt_separates_what_was_told(self):
        partner = Recorder("OK.")
        turns(gym(partner, prompt="full"), ask("food"), ask("date"))
        untold, told = partner.views[1].system.split("What you have said already:")
        assert "- date: june" in untold and "- food: soup" not in untold
        assert "- food: soup" in told and "- color: red (in your request)" in told

    def test_unknown_prompts_are_refused(self):
        with pytest.raises(ValueError, match="prompt"):
            gym(prompt="long")
