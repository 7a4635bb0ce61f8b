"""Constrained decoding: what the grammars let through, tried with xgrammar itself, which is what decodes in vLLM."""

import json
import random
import re
import unicodedata

import pytest
from usersim_trace_cases import context, legal_trace

from envs.usersim.trace.decoding import state_schema, turn_grammar
from envs.usersim.trace.decoding_parts import _SPOKEN, _WORD
from envs.usersim.trace.errors import Code, Level
from envs.usersim.trace.parser import parse
from envs.usersim.trace.render import render
from envs.usersim.trace.rewrite import rewritten
from envs.usersim.trace.state_block import state_json

xgrammar = pytest.importorskip("xgrammar", reason="the constraint is xgrammar's, which comes with vLLM")
CONTEXT = context()
PREVENTED = {f"E{number:02}" for number in range(1, 19)} | {"E22"}
PROFILES = ("full", "short", "rewrite")
GRAMMARS = {
    (profile, known): turn_grammar(profile, CONTEXT if known else None)
    for profile in PROFILES
    for known in (True, False)
    if known or profile != "rewrite"
}


STOP = 256
BYTES = xgrammar.TokenizerInfo(
    [*(bytes([byte]) for byte in range(256)), b"</s>"], vocab_type=xgrammar.VocabType.RAW, stop_token_ids=[STOP]
)
COMPILER = xgrammar.GrammarCompiler(BYTES)


def compiled(profile, known=True):
    return COMPILER.compile_grammar(GRAMMARS[profile, known])  # cached


def accepts(grammar, text):
    matcher = xgrammar.GrammarMatcher(grammar)
    return matcher.accept_string(text) and matcher.accept_token(STOP)


def rendered(seed, profile):
    trace = legal_trace(seed, ordered=True)
    return render(rewritten(trace, CONTEXT.profile) if profile == "rewrite" else trace, profile)


@pytest.mark.parametrize(("profile", "known"), GRAMMARS)
def test_rendered_traces_are_accepted(profile, known):
    grammar = compiled(profile, known)
    for seed in range(25):
        text = rendered(seed, profile)
        assert accepts(grammar, text), text


def test_no_word_holds_a_character_that_separates_words_or_grows():
    """The rules' classes, read by Python: other blanks would leave a thought without words, NFC would lengthen a claim."""
    wrong = [chr(at) for at in range(0x110000) if chr(at).isspace() or len(unicodedata.normalize("NFC", chr(at))) > 1]
    classes = [re.compile(f"[^{held}]") for part in (_WORD, _SPOKEN) for held in re.findall(r"\[\^(.*?)(?<!\\)\]", part)]
    assert len(wrong) > 100 and len(classes) == 3
    assert not [(hex(ord(one)), at) for one in wrong for at, each in enumerate(classes) if each.match(one)]
    assert all(each.match(one) for one in "aé中ض" for each in classes)
    for profile in ("full", "short"):
        text = rendered(6, profile)
        place = text.index("<answer>") + len("<answer>")
        assert [accepts(compiled(profile), text[:place] + one + text[place:]) for one in "xé\u1680\u0958\U0001d15e"] == [
            *(True, True),
            *(False, False, False),
        ]


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_accepted_has_no_error_that_a_grammar_can_prevent(profile):
    """Mutations; those that the grammar lets through, the parser may only find soft or too long."""
    grammar = compiled(profile)
    rng = random.Random(0)
    accepted = refused = 0
    pieces = [
        "P9",
        "-4",
        "3",
        ",",
        '"',
        "<tone>",
        "T12",
        "none",
        "new",
        "resolved",
        "dropped",
        " ",
        "\n",
        "1",
        "true",
        "x",
        "end",
    ]
    for seed in range(250):
        text = rendered(seed, profile)
        at = rng.randrange(len(text))
        mutant = text[:at] + rng.choice(pieces) + text[at + rng.choice((0, 1, 2)) :]
        result = parse(mutant, CONTEXT, profile=profile)
        if accepts(grammar, mutant):
            accepted += 1
            assert PREVENTED.isdisjoint(error.code.name for error in result.errors), (mutant, result.errors)
        else:
            refused += 1
    assert accepted > 20 and refused > 50


@pytest.mark.parametrize("profile", PROFILES)
def test_grammars_refuse_what_is_illegal(profile):
    grammar = compiled(profile)
    text = rendered(3, profile)
    assert accepts(grammar, text)
    for bad in ("", "hello", text + " bye", text[:-1], text.replace("<state>", "<state> "), text * 2):
        assert not accepts(grammar, bad)


def test_the_grammar_of_a_rewrite_needs_the_profile_before():
    with pytest.raises(ValueError, match="needs a context"):
        turn_grammar("rewrite")


def test_the_schema_of_a_state_takes_states_and_nothing_else():
    grammar = COMPILER.compile_json_schema(json.dumps(state_schema()), any_whitespace=False, separators=(",", ":"))
    for seed in range(25):
        text = state_json(legal_trace(seed).delta)
        assert accepts(grammar, text), text
        assert not accepts(grammar, text.replace('"end":false', '"end":0'))
        assert not accepts(grammar, text.replace('"trust":', '"trust":9'))
        assert not accepts(grammar, text.replace(',"end_reason":null', ""))


def test_random_walks_through_a_grammar_are_read_by_the_parser():
    """Bytes drawn from what xgrammar allows next: whatever comes out in full is legal for a grammar's part."""
    rng = random.Random(0)
    levels = []
    for number in range(18):
        profile = PROFILES[number % 3]
        text = _walk(compiled(profile), rng)
        result = parse(text, CONTEXT, profile=profile)
        assert PREVENTED.isdisjoint(error.code.name for error in result.errors), (text, result.errors)
        levels.append(result.level)
    assert max(levels) < Level.FATAL and Code.E28 not in levels


def _walk(grammar, rng):
    matcher = xgrammar.GrammarMatcher(grammar)
    bitmask = xgrammar.allocate_token_bitmask(1, STOP + 1)
    said = bytearray()
    while True:
        matcher.fill_next_token_bitmask(bitmask)
        words = [int(word) & 0xFFFFFFFF for word in bitmask[0]]
        allowed = [token for token in range(STOP + 1) if words[token // 32] >> (token % 32) & 1]
        closing = [token for token in allowed if token == STOP or token in b'<"\n']
        plain = [token for token in allowed if token < STOP and token in b" .,ehtrasnou"]
        ascii_ = [token for token in allowed if token < 128]
        token = rng.choice(closing if closing and rng.random() < 0.3 else plain or ascii_ or allowed)
        assert matcher.accept_token(token)
        if token == STOP:
            return said.decode()
        said.append(token)
