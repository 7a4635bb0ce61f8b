"""What words say, whatever they are declared to be: on sentences of our own, on our voices, and in linear time."""

import json
import time
from pathlib import Path

import pytest
from usersim_stance_cases import NEITHER, NO, YES, cases

from envs.usersim.data.files import read
from envs.usersim.stance import carries, refuses, says_yes
from envs.usersim.stance.sentences import sentences
from envs.usersim.words import Names


@pytest.mark.parametrize("said", cases(YES))
def test_a_yes(said):
    assert says_yes(said) and not refuses(said)


@pytest.mark.parametrize("said", cases(NO))
def test_a_no(said):
    assert refuses(said) and not says_yes(said)


@pytest.mark.parametrize("said", cases(NEITHER))
def test_neither(said):
    assert not says_yes(said) and not refuses(said)


UNSEEN = Path(__file__).with_name("stance_unseen.jsonl")
"""Written by somebody who had not seen the rules, and not looked at to mend them: the numbers of docs/usersim.md."""


@pytest.mark.parametrize(
    ("language", "label", "right", "said", "meant"),
    [("en", "yes", 21, 21, 30), ("en", "no", 14, 14, 30), ("zh", "yes", 5, 6, 12), ("zh", "no", 7, 7, 13)],
)
def test_how_good_the_rules_are_on_words_they_were_not_made_for(language, label, right, said, meant):
    rows = [row for row in map(json.loads, UNSEEN.read_text().splitlines()) if row["language"] == language]
    read_as = [row["label"] for row in rows if {"yes": says_yes, "no": refuses}[label](row["text"])]
    assert (read_as.count(label), len(read_as), sum(row["label"] == label for row in rows)) == (right, said, meant)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_our_voices_say_what_they_are_meant_to(language):
    lines = read("users.json")[language]
    assert all(map(says_yes, lines["yes"])) and all(map(refuses, lines["no"]))
    quiet = [line for kind in ("soft", "ask", "settled", "done", "bye", "listen", "ask_back") for line in lines[kind]]
    assert not any(says_yes(line) or refuses(line) for line in quiet)
    for trap, moves in lines["counters"].items():
        for move, said in moves.items():
            assert all(carries(line, move) and not says_yes(line) for line in said), (trap, move)
    for move, said in lines["merits"].items():
        assert all(carries(line, move) and not says_yes(line) and not refuses(line) for line in said), move


@pytest.mark.parametrize(
    ("move", "does", "does_not"),
    [
        (
            "ask_clarify",
            ["And the total?", "Remind me of the date.", "I'd like to know the total.", "再说一遍。"],
            ["Hm, hm.", "I see."],
        ),
        ("ask_evidence", ["Put it in writing.", "Read me the paragraph.", "我要看书面的。"], ["Mm-hm.", "Lovely."]),
        ("counter_offer", ["Make it forty.", "Waive the fee.", "打个折吧。"], ["Hm.", "I see."]),
        ("conditional_accept", ["Provided it's in the letter, I'm on board.", "看完合同就办。"], ["Hm, hm.", "Mm."]),
        ("accept", ["Gladly.", "With pleasure.", "我接受。"], ["Hm.", "唔。"]),
        ("set_boundary", ["Stop there.", "先回答我。"], ["Sounds lovely, with my blessing.", "Mm-hm."]),
        ("smalltalk", ["Mm-hm."], []),
    ],
)
def test_words_carry_a_move_or_do_not(move, does, does_not):
    assert all(carries(said, move) for said in does) and not any(carries(said, move) for said in does_not)


def test_sentences_are_of_one_spelling():
    found = sentences("I can’t, I won't - it's 4,900!  Let's go?\nOK… 好的，办吧。真的吗")
    assert [(one.phrases, one.asks) for one in found] == [
        (["i cannot", "i will not", "it is 4900"], False),
        (["let us go"], True),
        (["ok", "好的", "办吧"], False),
        (["真的吗"], True),
    ]


def test_names_are_taken_out_whole_and_as_they_are_written():
    names = Names.of("Will May", "Acme (UK) Inc.")
    assert names.without("Will May will pay Acme (UK) Inc. in May, willingly.") == "N will pay N in N, willingly."
    assert names.without("ACME (UK) INC.: will may") == "N: N", "in any case, if they are of several words"
    assert Names.of("李明", "Deal").without("我是李明，Dealer。Deal!我是Deal的") == "我是N，Dealer。N!我是N的"
    assert Names.of("", "").without("Nobody.") == "Nobody."


PIECES = [",", "no,", "yes ", "i said no ", "not ", "thanks ", "好", "不要", "n't ", "'s", "1,", ". ", "please ", "go on then "]


@pytest.mark.parametrize("piece", PIECES)
def test_time_is_linear(piece):
    """Ten times the text in at most thirty times the time: quadratic takes a hundred."""

    def took(times):
        said = piece * times
        began = time.process_time()
        says_yes(said), refuses(said), carries(said, "accept"), carries(said, "counter_offer")
        return time.process_time() - began

    took(100)
    assert min(took(40_000) for _ in range(2)) < 30 * max(min(took(4_000) for _ in range(3)), 0.002)
