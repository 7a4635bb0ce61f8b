"""The parser against anything: mutated traces, deep nesting, huge inputs; and `render`, its inverse."""

import dataclasses
import json
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usersim_trace_cases import EXAMPLE, context, legal_trace

from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.state.transition import advance
from envs.usersim.trace.envelope import normalised
from envs.usersim.trace.errors import Level
from envs.usersim.trace.parser import parse
from envs.usersim.trace.render import render
from envs.usersim.trace.rewrite import rewritten

MUTATIONS = 100_000
CONTEXT = context()
PIECES = [
    *(
        "<think>",
        "</think>",
        "<state>",
        "</state>",
        "<answer>",
        "</answer>",
        "<tone>",
        "</tone>",
        "</plan>",
        '<plan move="refuse">',
    ),
    *(
        "<",
        ">",
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "NaN",
        "-1",
        "0",
        "1e9",
        "9" * 30,
        "\\",
        "\\u0000",
        "\\ud800",
    ),
    *(
        "\x00",
        "\ufeff",
        "\ud800",
        "é",
        "e\u0301",
        "价",
        "P9",
        "P2",
        "M1",
        "open",
        "touched",
        "dropped",
        "-4",
        "refused",
        "accept",
        "T12",
        "none",
        "resolved",
        " ",
        "\n",
        "\t",
        "",
        "//",
        "x" * 50,
    ),
]


def test_a_legal_trace_comes_back_as_it_was():
    for seed in range(2000):
        trace = legal_trace(seed)
        text = render(trace)
        result = parse(text, CONTEXT)
        assert result.trace == trace, (seed, result.errors)
        assert render(result.trace) == text


def mutated(rng, texts):
    text = rng.choice(texts)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        at, other = rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.choice((1, 1, 2, 5, 20)) :]
        elif kind == 2:
            text = text[:at] + rng.choice(PIECES) + text[at + 1 :]
        elif kind == 3:
            low, high = sorted((at, other))
            text = text[:low] + text[high:] if rng.random() < 0.5 else text[:high] + text[low:]
        else:
            cut = text[at : at + 30]
            text = text[:at] + text[at + 30 :]
            text = text[:other] + cut + text[other:]
    return text


def plain(text):
    """A turn without what may differ in writing: white space, and the spelling and order of JSON."""
    head, _, rest = normalised(text).partition("<state>")
    state, _, tail = rest.partition("</state>")
    return "".join(head.split()), json.loads(state), "".join(tail.split())


def test_mutated_traces_neither_crash_nor_pass_illegally():
    rng = random.Random(0)
    texts = [EXAMPLE, *(render(legal_trace(seed)) for seed in range(300))]
    passed = 0
    for _ in range(MUTATIONS):
        text = mutated(rng, texts)
        result = parse(text, CONTEXT)
        assert (result.trace is None) == (result.level > Level.SOFT)
        assert bool(result.errors) == (result.level > Level.OK)
        if result.trace is not None:
            passed += 1
            again = render(result.trace)
            assert plain(again) == plain(text)
            assert parse(again, CONTEXT) == result
    assert 1000 < passed < MUTATIONS / 2  # some mutations are harmless, most are not


@pytest.mark.parametrize("form", ["short", "r1compat", "rewrite"])
def test_mutated_traces_of_the_other_forms_do_not_crash_it_either(form):
    rng = random.Random(1)
    legal = [legal_trace(seed, thoughts=form != "short") for seed in range(100)]
    if form == "r1compat":
        none = {"traps": (), "claims": (), "commit": (), "disclosed": ()}
        legal = [dataclasses.replace(one, trap_ids=(), delta=dataclasses.replace(one.delta, **none)) for one in legal]
    if form == "rewrite":
        legal = [rewritten(one, CONTEXT.profile) for one in legal]
    texts = [render(one, form, CONTEXT.profile) for one in legal]
    passed = 0
    for _ in range(MUTATIONS // 20):
        result = parse(mutated(rng, texts), CONTEXT, profile=form)
        assert (result.trace is None) == (result.level > Level.SOFT)
        passed += result.trace is not None
        if result.trace is not None:  # whatever passes, the profile that it leads to is one
            said = {"utterance": result.trace.answer, "move": result.trace.move, "touched": result.trace.touched}
            after, _ = advance(CONTEXT.profile, CONTEXT.agent, result.trace.delta, CONTEXT.scene, **said)
            assert DynamicProfile.load(after.dump()) == after
    assert 50 < passed < MUTATIONS / 40


@given(st.text())
def test_any_text_has_a_level(text):
    assert parse(text, CONTEXT).level > Level.SOFT


@given(st.text(), st.integers(0, len(EXAMPLE)))
def test_any_text_anywhere_in_a_turn_has_a_level(text, at):
    result = parse(EXAMPLE[:at] + text + EXAMPLE[at:], CONTEXT)
    assert result.trace is None or plain(render(result.trace)) == plain(EXAMPLE[:at] + text + EXAMPLE[at:])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    )
)
def test_any_json_as_a_state_has_a_level(data):
    head, _, rest = EXAMPLE.partition("<state>")
    text = f"{head}<state>{json.dumps(data)}</state>{rest.partition('</state>')[2]}"
    assert parse(text, CONTEXT).level > Level.SOFT


HOSTILE = {
    "opened": lambda n: "<" * n,
    "tags": lambda n: "<a " * n,
    "names": lambda n: "<think><" + "a" * n + "</think><state></state><answer>x</answer>",
    "attributes": lambda n: "<think><intent" + ' a="b"' * n + "></think><state></state><answer>x</answer>",
    "unclosed quotes": lambda n: "<think><intent" + " a=" * n + "></think><state></state><answer>x</answer>",
    "blanks in a tag": lambda n: "<think><intent" + " " * n + ">x</intent></think><state></state><answer>x</answer>",
    "children": lambda n: "<think>" + "<tone>a</tone>" * n + "</think><state></state><answer>x</answer>",
    "nested": lambda n: "<think>" * n + "</think>" * n,
    "blanks": lambda n: " \n" * n + EXAMPLE + " \n" * n,
    "marks": lambda n: "a" + "\u0315\u0300" * n,
    "long marks": lambda n: ("a" + "\u0315\u0300" * 10) * (n // 10),
    "arrays": lambda n: EXAMPLE.replace('"concerns":[', '"concerns":' + "[" * n),
    "objects": lambda n: EXAMPLE.replace('"concerns":[', '"concerns":' + '{"a":' * n),
    "keys": lambda n: EXAMPLE.replace('{"d":', "{" + "".join(f'"{i}":1,' for i in range(n)) + '"d":'),
    "numbers": lambda n: EXAMPLE.replace('"trust":-1', '"trust":' + "9" * n),
    "escapes": lambda n: EXAMPLE.replace("offer ends", "\\n" * n),
    "claims": lambda n: EXAMPLE.replace('"claims":[', '"claims":[' + '{"cid":"c1","status":"unverified","text":""},' * n),
    "touched": lambda n: EXAMPLE.replace('touched="P1"', 'touched="' + ",".join(["P1"] * n) + '"'),
    "thought": lambda n: EXAMPLE.replace("Short, flat", "Short " * n),
    "less": lambda n: EXAMPLE.replace("Short, flat", "Short < " * n),
    "answer": lambda n: EXAMPLE.replace("Six tonight", "trust is is " * n),
    "word": lambda n: EXAMPLE.replace("Six tonight", "trust" * n),
    "stars": lambda n: EXAMPLE.replace("Six tonight", "*a" * n),
    "address": lambda n: EXAMPLE.replace("Six tonight", "a.@" * n),
    "tag lookalikes": lambda n: EXAMPLE.replace("Six tonight", "<    think" * n),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_is_linear_in_the_length_of_hostile_text(kind):
    """Eight times as much text takes at most some twenty times as long: a quadratic reader would take sixty-four times."""

    def seconds(size):
        text = HOSTILE[kind](size)
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            parse(text, CONTEXT)
            best = min(best, time.process_time() - began)
        return best

    small, large = seconds(4_000), seconds(32_000)
    assert large < 20 * small + 0.002, (small, large)
