"""The rules of FunctionGym, one test each, and its grammar."""

from fractions import Fraction

import pytest
from function_cases import CASE, EXPECTED, Silent, gym, task, turns
from hypothesis import given, settings
from hypothesis import strategies as st

import envs
from envs.base import EpisodeOver, View
from envs.conversation import drive
from envs.function.grammar import MOST_LETTERS, MOST_NESTED, parse_answer, parse_probe, parse_rule
from envs.function.rule import Node, Undefined, evaluate, shape, text
from envs.function.wording import DONE, FOUR, ONE_NUMBER, REFUSED, RIGHT, SEARCH, WRONG, in_decimals

HALVES = {name: Fraction(number) for name, number in zip("abcd", (1, 2, 3, 4), strict=True)}


def userrl(played=None, **params):
    return envs.make(
        "FunctionGym", task=played or task(), partner=Silent(), judge=Silent(), preset="userrl", **{"prompt": "short", **params}
    )


@pytest.mark.parametrize(
    ("said", "feedback"),
    [
        ("1 2 3 4", "1 2 3 4 gives -15."),
        ("1, 2,3 ,4", "1 2 3 4 gives -15."),
        ("1 1 3 0", "1 1 3 0 gives 2/3."),
        ("-1 0 -99 99", "-1 0 -99 99 gives -970298/99."),
        ("1 2 0 4", "That divides by zero."),
        ("2 5 3 4", REFUSED),
        ("2 5 3.00000001 4", FOUR["whole"]),
        ("2.0 5 3 4", FOUR["whole"]),
        ("1 2 3", FOUR["whole"]),
        ("1 2 3 4 5", FOUR["whole"]),
        ("a=1 b=2 c=3 d=4", FOUR["whole"]),
        ("100 2 3 4", FOUR["whole"]),
        ("1-2-3-4", FOUR["whole"]),
        ("٣ 2 3 4", FOUR["whole"]),
    ],
)
def test_a_probe_is_four_whole_numbers_and_not_the_test_case(said, feedback):
    result = turns(gym(), f"[action] {said}")[0]
    assert (result.feedback, result.rewards, result.terminated, result.truncated) == (feedback, {"env": 0.0}, False, False)


@pytest.mark.parametrize(
    ("said", "feedback"),
    [
        ("1 2 3 4", "1.0 2.0 3.0 4.0 gives -15."),
        ("numbers 1-2-3-4!", "1.0 -2.0 -3.0 -4.0 gives -15.6667."),
        ("1e1 2 3", "1.0 1.0 2.0 3.0 gives -8."),
        ("0.5 0.5 3 0.1", "0.5 0.5 3.0 0.1 gives 0.3233."),
        ("2 5 3 4", REFUSED),
        ("2 5 3.00000001 4", REFUSED),
        ("1 2 3", FOUR["any"]),
        (f"{'9' * 400} 2 3 4", FOUR["any"]),
        ("1 2 0 4", "That divides by zero."),
    ],
)
def test_userrl_reads_four_numbers_anywhere_in_the_text(said, feedback):
    result = turns(userrl(), f"[action] {said}")[0]
    assert result.feedback == f"{feedback}\nReward: 0.0" and not result.terminated


def test_search_shows_the_test_case_and_nothing_else_does():
    made = gym()
    wrong, right = turns(made, "[search] rule", "[search] Test")
    assert (wrong.feedback, right.feedback) == (SEARCH, "The test case is 2 5 3 4.")
    assert right.rewards == {"env": 0.0} and not right.terminated


@pytest.mark.parametrize("said", [EXPECTED, "-82/6", "-13.6666666", "-13.66666666667", "-1.3666666666e1"])
def test_the_right_answer_pays_one_and_ends(said):
    made = gym()
    result = turns(made, f"[answer] {said}")[0]
    assert (result.feedback, result.rewards, result.sources) == (RIGHT, {"env": 1.0}, {"env": "rule"})
    assert result.terminated and not result.truncated and made.success() and made.score() == 1.0
    with pytest.raises(EpisodeOver):
        turns(made, "[finish]")


@pytest.mark.parametrize("said", ["-13.66666", "-14", "41/3", "0"])
def test_a_wrong_answer_costs_its_turn_and_the_last_one_ends(said):
    made = gym(answers=2)
    first, second = turns(made, f"[answer] {said}", "[answer] 7")
    assert (first.feedback, first.rewards, first.terminated) == (WRONG, {"env": 0.0}, False)
    assert second.terminated and not second.truncated and made.score() == 0.0 and not made.success()


@pytest.mark.parametrize("said", ["nan", "inf", "1/0", "7 8", "-41/3 or so", "ten", "1e999", "9" * 400, "1/2/3"])
def test_what_is_no_number_is_no_answer(said):
    made = gym(answers=1)
    result = turns(made, f"[answer] {said}")[0]
    assert result.feedback == ONE_NUMBER and not result.terminated and made.state()["answers"] == 0


def test_userrl_answers_are_floats_without_limit():
    made = userrl()
    wrong = turns(made, *["[answer] -13.66"] * 3, "[answer] nan", "[answer] inf", "[answer] -41/3", "[answer] -13.666665")
    assert [result.rewards["env"] for result in wrong] == [0.0] * 7 and not any(r.terminated for r in wrong)
    assert wrong[0].feedback == f"{WRONG}\nReward: 0.0"
    last = turns(made, "[answer] -13.6666667")[0]
    assert last.rewards == {"env": 1.0} and last.terminated and last.feedback == f"{RIGHT}\nReward: 1.0"


def test_userrl_is_right_on_the_last_turn_and_never_both():
    made = userrl(max_turns=2)
    turns(made, "[action] 1 2 3 4")
    last = turns(made, "[answer] -13.666666666")[0]
    assert last.rewards == {"env": 1.0} and last.terminated and not last.truncated


def test_userrl_shows_rewards_in_training_only():
    made = userrl(task(split="heldout"))
    assert turns(made, "[answer] 1")[0].feedback == WRONG


def test_huge_results_are_compared_as_userrl_does():
    played = task("(a ** b) ** 2 / (c + d)", (10, 9, 1, 2), source="power")
    assert turns(userrl(played), "[answer] 3.333333333333333e17")[0].rewards == {"env": 1.0}
    assert turns(gym(played), "[answer] 3.333333333333333e17", "[answer] 1000000000000000000/3")[1].rewards == {"env": 1.0}


@pytest.mark.parametrize("preset", [None, "userrl"])
def test_finish_ends_and_tells_nothing(preset):
    made = envs.make("FunctionGym", task=task(split="heldout"), partner=Silent(), judge=Silent(), preset=preset)
    result = turns(made, "[finish]")[0]
    assert (result.feedback, result.terminated, result.rewards) == (DONE, True, {"env": 0.0}) and made.score() == 0.0


def test_max_turns_cuts_off_and_every_turn_counts():
    made = gym(max_turns=4)
    results = turns(made, "[action] 1 2 3 4", "nonsense", "[search] test", "[action] 1")
    assert [r.truncated for r in results] == [False, False, False, True] and not results[-1].terminated
    assert made.state()["turn"] == 4 and made.state()["probes"] == 1


def test_signatures_count_probes_and_the_look_up():
    made, seen = gym(), []
    for action in (
        "[action] 1 2 3 4",
        "[search] test",
        "[action] 1 2 3 5",
        "[action] 2 2 3 5",
        "[action] 2 5 3 4",
        "[action] 0 1 2 3",
    ):
        seen.append(made.signature())
        turns(made, action)
    assert seen == ["0", "1", "1 test", "2-3 test", "2-3 test", "2-3 test"] and made.signature() == "4+ test"


def test_there_is_no_user():
    nobody = envs.scripted("FunctionGym", "user", 0)
    with pytest.raises(RuntimeError, match="without a partner"):
        drive(nobody.speak(View("user", "", ())))


@pytest.mark.parametrize("params", [{"answers": -1}, {"numbers": "some"}, {"prompt": "long"}, {"max_turns": 0}])
def test_wrong_parameters_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        gym(**params)


def test_another_gyms_task_is_refused():
    with pytest.raises(TypeError, match="FunctionTask"):
        gym(envs.load("IntentionGym", "train")[0])


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("a + b * c - d", 3),
        ("a - b - c", -4),
        ("d / c / b", Fraction(2, 3)),
        ("-a ** 2", -1),
        ("b ** -2", Fraction(1, 4)),
        ("b ** c ** b", 512),
        ("(a + b) * -(c - d)", 3),
        ("1.5*a + 0.25*d", Fraction(5, 2)),
        ("d ** (a / b)", 2),
        (" ( ( d ) ) ", 4),
    ],
)
def test_rules_mean_what_they_mean_in_arithmetic(rule, value):
    assert evaluate(parse_rule(rule), HALVES) == value


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ("", "early"),
        ("a +", "early"),
        ("(a", "parenthesis"),
        ("a b", "'b'"),
        ("a)", r"'\)'"),
        ("a ^ b", r"'\^'"),
        ("abs(a)", "'s'"),
        ("__import__('os')", "'_'"),
        ("a * / b", "'/'"),
        ("(" * 60 + "a" + ")" * 60, str(MOST_NESTED)),
        ("-" * 60 + "a", str(MOST_NESTED)),
        ("a" + "+a" * 300, str(MOST_LETTERS)),
    ],
)
def test_what_is_no_rule_is_refused_in_a_sentence(rule, word):
    with pytest.raises(ValueError, match=word):
        parse_rule(rule)


@pytest.mark.parametrize(
    "rule", ["a / (b - b)", "(b - b) ** -a", "(-d) ** 0.5", "b ** b ** b ** b ** b", "0.5 ** -9999.5", "9" + " ** 9" * 9]
)
def test_what_has_no_value_says_so_at_once(rule):
    with pytest.raises(Undefined):
        evaluate(parse_rule(rule), HALVES)


@given(st.text(alphabet="abcd0123456789.+-*/() ", max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_parses_or_is_refused_and_what_parses_has_a_value_or_none(rule):
    try:
        tree = parse_rule(rule)
        evaluate(tree, HALVES)
    except ValueError as error:
        assert len(str(error).splitlines()) == 1


TREES = st.recursive(
    st.sampled_from(["a", "b", "c", "d"]) | st.integers(0, 9).map(Fraction),
    lambda parts: (
        st.builds(Node, st.sampled_from(["+", "-", "*", "/"]), parts, parts)
        | st.builds(Node, st.just("**"), parts, st.just(Fraction(2)))
    ),
    max_leaves=6,
)


@given(TREES)
@settings(max_examples=200, deadline=None)
def test_the_text_of_a_rule_reads_back_as_the_same_function(tree):
    again = parse_rule(text(tree))
    values = {name: Fraction(number) for name, number in zip("abcd", (11, 29, 47, 83), strict=True)}
    assert shape(again) == shape(tree)
    try:
        expected = evaluate(tree, values)
    except Undefined:
        with pytest.raises(Undefined):
            evaluate(again, values)
    else:
        assert evaluate(again, values) == expected


@pytest.mark.parametrize(
    ("rule", "template"),
    [("a - b + c", "(x+x+x)"), ("a / (b * c)", "(x*x*x)"), ("(d - a) ** 2", "((x+x)^2)"), ("a ** b", "(x^x)")],
)
def test_a_shape_forgets_names_signs_and_order(rule, template):
    assert shape(parse_rule(rule)) == template


def test_hidden_rules_make_sense():
    for rule, word in (
        ("a + b + c", "d"),
        ("a / (b - b) + c + d", "zero"),
        ("a + b + c + d +", "early"),
        ("(a + b + c + d) ** 200 ** 1.2", "large"),
    ):
        with pytest.raises(ValueError, match=word):
            task(rule, CASE)


@pytest.mark.parametrize(
    ("number", "said"),
    [("7/3", "2.3333"), ("-1/3", "-0.3333"), ("12", "12"), ("-1/100000", "0"), ("1/2", "0.5"), ("99999/100000", "1")],
)
def test_decimals_are_four_at_most(number, said):
    assert in_decimals(Fraction(number)) == said


def test_probes_and_answers_know_their_limits():
    assert parse_probe("", "whole") is None and parse_probe("", "any") is None
    assert parse_answer("1_0", "any") == 10 and parse_answer("1_0", "whole") is None
    assert parse_answer("12.", "whole") == 12 and parse_answer("+0.5", "whole") == Fraction(1, 2)
