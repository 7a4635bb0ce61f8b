import pytest

from envs.intention.catalogue import SLOTS
from envs.intention.grammar import answers, count_questions, facts, right
from envs.text import questions, sentences

NAMES = {"date": "date", "day of arrival": "arrival", "arrival": "arrival", "guests": "guests"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("What is the date?", 1),
        ("What color do you like, e.g. red?", 1),
        ("Lovely. What is the date?", 1),
        ("What is the date? Which size do you want?", 2),
        ("What is the date? And which one?", 2),
        ("What is the date and the size?", 2),
        ("tell me the date. tell me the size.", 2),
        ("Date. Size.", 2),
        ("date size color", 3),
        ("Ｄａｔｅ？ ＳＩＺＥ？", 2),
        ("date\nsize", 2),
        ("date-size?", 2),
        ("hello", 0),
        ("", 0),
    ],
)
def test_questions_are_counted(text, count):
    assert count_questions(text, SLOTS) == count


def test_sentences_hold_words():
    assert sentences("?! One. Two?! ... ") == ["One.", "Two?!"]
    assert questions("One. Two?! Three?") == ["Three?"]


def test_facts_are_slots_with_values():
    assert facts("Date is June, size huge and the food. date 17") == [("date", "june"), ("size", "huge")]
    assert facts("date large") == [("date", "large")], "a value of another slot is a false statement, not none"


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("date june; guests ten", {"date": "june", "guests": "ten"}),
        ("Date: June. ; number of guests: 10", {"date": "June.", "guests": "10"}),
        ("date is june", {"date": "is june"}),
        ("day of arrival: monday; arrival: tuesday", {"arrival": ""}),
        ("date june; date july; date june", {"date": ""}),
        ("date and guests: ten", {}),
        ("nothing; : ; ;;", {}),
    ],
)
def test_answers(text, stated):
    assert answers(text, NAMES) == stated


@pytest.mark.parametrize(
    ("stated", "truth", "expected"),
    [
        ("June.", "june", True),
        ("is june", "june", True),
        ("june july", "june", False),
        ("500 euros", "about 500 euros", True),
        ("euros", "about 500 euros", False),
        ("two three days", "two days", False),
        ("", "june", False),
        ("the", "june", False),
    ],
)
def test_right(stated, truth, expected):
    assert right(stated, truth) is expected
