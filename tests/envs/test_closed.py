"""How a closed answer is heard: language models say more than the one word they were asked for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.closed import CHOICES, SAID, heard


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(("Yes.", "yes"), ("YES", "yes"), (" yes!", "yes"), ("Yes?", "yes"), ("yes indeed", "yes"), ("Yes, it is.", "yes")),
        *(("**Yes**, it is red.", "yes"), ('"Yes."', "yes"), ("Yes \N{EM DASH} a red one.", "yes")),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER Y}es.", "yes"),
        *(("No", "no"), ("No.", "no"), ("No, it is not.", "no"), ("no!", "no"), ("*No*", "no"), ("No\nIt is blue.", "no")),
        *(("No - it is blue.", "no"), ("No \N{EN DASH} it is blue.", "no")),
        *(("Maybe.", "maybe"), ("Maybe not.", "maybe"), ("maybe, sometimes", "maybe")),
        *(("It is a lamp. Answer: yes.", "yes"), ("Answer: No, it is not.", "no"), ("**Answer**: Maybe.", "maybe")),
        ("Is it a yes or a no? Answer: no", "no"),
    ],
)
def test_what_begins_with_one_answer_is_that_answer(text, answer):
    assert heard(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        *("", "OK.", "It is. Yes.", "Not at all.", "Yesterday.", "Noon.", "Answer:", "The answer is yes."),
        *("Yes and no.", "Yes or maybe.", "No, maybe.", "Yes/No/Maybe", "Yes. No. Maybe."),
        *("Answer: yes. Answer: no.", "Yes. Answer: it depends."),
        *("No idea.", "No one knows.", "No-one.", "No doubt about it.", "no it is"),
    ],
)
def test_nothing_is_guessed(text):
    assert heard(text) is None


@given(st.text(), st.sampled_from(CHOICES))
@settings(deadline=None)
def test_any_text_is_one_answer_or_none(text, choice):
    assert heard(text) in (*SAID, None)
    assert heard(f"{text}\nAnswer: {choice}") in (heard(choice), None)
