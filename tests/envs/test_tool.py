import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envs.tool import FINISHES, Call, Malformed, parse, render, split_action, tool_schema, usage

CHOICES = ("action", "answer", "search", "finish")
CONTENT = st.text(min_size=1).map(str.strip).filter(lambda text: text and not text.startswith("["))
CALLS = st.one_of(st.just(Call("finish")), st.builds(Call, st.sampled_from(CHOICES[:3]), CONTENT))


def hermes(arguments: object, name: str = "interact_with_env") -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


@pytest.mark.parametrize("wire", ["bracket", "hermes"])
@given(call=CALLS, thought=st.sampled_from(["", "<think>\nlet me [action] see\n</think>\n\n"]))
def test_what_is_rendered_is_read_back(wire, call, thought):
    if wire == "bracket" and any(f"[{choice}]" in call.content for choice in CHOICES):
        return
    assert parse(wire, thought + render(wire, call), CHOICES) == call


@given(call=CALLS)
def test_gyms_read_a_calls_action(call):
    assert split_action(call.action, CHOICES) == call


@pytest.mark.parametrize("wire", ["bracket", "hermes"])
@given(text=st.text())
def test_any_text_is_a_call_or_malformed(wire, text):
    result = parse(wire, text, CHOICES)
    assert isinstance(result, Call) or result.reason


@given(
    data=st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_any_json_is_a_call_or_malformed(data):
    assert isinstance(parse("hermes", f"<tool_call>{json.dumps(data)}</tool_call>", CHOICES), Malformed)
    assert isinstance(parse("hermes", hermes(data), CHOICES), Malformed)


def test_a_reading_is_read_as_its_choice_in_both_wires():
    readings = {**FINISHES, "ask": "action"}
    for wire, text in (("bracket", "[ask] hello"), ("hermes", hermes({"choice": "ask", "content": "hello"}))):
        assert parse(wire, text, CHOICES, readings) == Call("action", "hello")
        assert parse(wire, text, CHOICES) == Malformed("Choose [action], [answer], [search] or [finish].")
    assert split_action("[FiNiSh]", CHOICES, readings) == Call("finish") and len(FINISHES) == 2 ** len("finish")
    assert parse("bracket", "[shout] x", CHOICES, readings) == parse("bracket", "[shout] x", CHOICES), "nobody is told of them"


def test_tags_inside_json_strings_are_content():
    call = Call("action", 'say "</tool_call><tool_call>" twice')
    assert parse("hermes", "Let me ask. " + render("hermes", call), CHOICES) == call


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("What is the date?", "Start with"),
        ("[Action] hello", "Choose"),
        ("[shout] hello", "Choose"),
        ("[action]", "Say something"),
        ("[action] [answer] hello", "One call"),
        ("[action] hello\n[answer] there", "One call"),
        ("<think> never ends [action] hello", "did not end"),
    ],
)
def test_bracket_refuses(text, reason):
    result = parse("bracket", text, CHOICES)
    assert isinstance(result, Malformed) and reason in result.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[action] hello", "Call interact_with_env"),
        ("<tool_call>{nonsense</tool_call>", "not valid JSON"),
        ("<tool_call>" + "[" * 100_000, "not valid JSON"),
        (hermes({"choice": "action", "content": "a"}, name="other"), "with its arguments"),
        (hermes('{"choice": "action"}'), "with its arguments"),
        (hermes({"choice": "action", "content": 3}), "as strings"),
        (hermes({"choice": "shout", "content": "a"}), "Choose"),
        (hermes({"choice": "action", "content": " [answer] a"}), "One call"),
        (hermes({"choice": "action", "content": "a"}) * 2, "One call"),
        (hermes({"choice": "action", "content": "a"}).removesuffix("</tool_call>"), "Close"),
    ],
)
def test_hermes_refuses(text, reason):
    result = parse("hermes", text, CHOICES)
    assert isinstance(result, Malformed) and reason in result.reason


def test_a_choice_a_gym_does_not_have_is_refused():
    assert parse("bracket", "[search] fares", ("action", "finish")) == Malformed("Choose [action] or [finish].")


def test_finish_drops_its_content():
    assert parse("hermes", hermes({"choice": "finish", "content": "bye"}), CHOICES) == Call("finish")
    assert Call("finish").action == "[finish]"


def test_schema_offers_the_gyms_choices():
    parameters = tool_schema(("action", "finish"))["function"]["parameters"]
    assert parameters["properties"]["choice"]["enum"] == ["action", "finish"]
    assert "[action] or [finish]" in usage("bracket", ("action", "finish"))


@pytest.mark.parametrize("wire", ["bracket", "hermes"])
@pytest.mark.parametrize("text", ["", " <think>a</think> [finish] ", "[action] hello", '<tool_call>{"name": 1}</tool_call>'])
def test_without_choices_the_words_are_the_call(wire, text):
    call = parse(wire, text, ())
    assert call == Call("", text) and call.action == text and split_action(text, ()) == call and render(wire, call) == text
    assert usage(wire, ()) == ""
