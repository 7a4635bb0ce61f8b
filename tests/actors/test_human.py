"""A person as a speaker: what a line means, and that the person is asked again where it means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.human import HumanSpeaker, Left, chosen, whole
from envs.base import View
from envs.conversation import drive

ANSWERS = ("Yes.", "No.", "Maybe.")


class Lines:
    """A seat with prepared lines; at their end the person leaves."""

    def __init__(self, *lines: str) -> None:
        self.lines, self.hints, self.shown = list(lines), list[str](), list[View]()

    def show(self, view: View) -> None:
        self.shown.append(view)

    def ask(self, hint: str) -> str:
        self.hints.append(hint)
        if not self.lines:
            raise Left(0)
        return self.lines.pop(0)


@pytest.mark.parametrize(
    ("line", "choices", "means"),
    [
        ("2", ANSWERS, "No."),
        (" maybe ", ANSWERS, "Maybe."),
        ("YES!", ANSWERS, "Yes."),
        ("4", ANSWERS, None),
        ("0", ANSWERS, None),
        ("perhaps", ANSWERS, None),
        ("  ", ANSWERS, None),
        ("", (), None),
        ("2", (), "2"),
        (" the red one ", (), "the red one"),
    ],
)
def test_what_a_line_means(line, choices, means):
    assert chosen(line, choices) == means


@given(st.text(), st.lists(st.text(), max_size=3))
def test_a_closed_question_gets_one_of_its_answers_or_none(line, choices):
    said = chosen(line, tuple(choices))
    assert said is None or said in choices or (not choices and said == line.strip())


def test_the_person_is_asked_again_until_it_says_something():
    view, seat = View("user", "", (), choices=ANSWERS), Lines("", "perhaps", "3")
    assert drive(HumanSpeaker(seat).speak(view)).text == "Maybe."
    assert seat.shown == [view], "the view is shown once"
    assert seat.hints == ["", *["1 to 3, or one of: Yes. No. Maybe."] * 2]


def test_who_leaves_says_nothing():
    with pytest.raises(Left) as left:
        drive(HumanSpeaker(Lines("")).speak(View("agent", "", ())))
    assert left.value.exit_code == 0
    assert not isinstance(left.value, Exception), "no library takes it for a failure of its own"


def test_half_a_character_becomes_a_question_mark():
    assert whole("a\udc80b\ud83d") == "a?b?"
