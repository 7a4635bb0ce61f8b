"""The one tool an acting role has, `interact_with_env(choice, content)`, and the two ways to write a call to it.

- `bracket`: `[choice] content`, for tiny models, scripts and people.
- `hermes`: JSON `{"name", "arguments"}` inside `<tool_call>` tags, for models with a chat template for tools.

Invariants
- A turn holds exactly one call. What is not one valid call becomes `Malformed` with a sentence the speaker can act on;
  nothing is cleaned, guessed or passed through.
- `parse(wire, render(wire, call), choices) == call` for every call that `parse` can return in that wire.
- `Call.action` is what a gym is stepped with, and `split_action` reads it back.
- Readings are further choices, each with the one that is read instead. Nobody is told of them, and no `Call` holds one.
- A gym without choices has no tool: what its speaker says, whole and untouched, is the call (`SAYS`), in either wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

Wire = Literal["bracket", "hermes"]

TOOL_NAME = "interact_with_env"
FINISH = "finish"
FINISHES = dict.fromkeys(map("".join, product(*zip(FINISH, FINISH.upper(), strict=True))), FINISH)
"""The end in any case of letters, as readings: two of UserRL's gyms take it so."""
SAYS = ""
"""The choice of a call that is not one: the words themselves."""

_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
_CHOICE = re.compile(r"\[(\w+)\]")
_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_ONE_CALL = "One call per turn."
_MEANING = {
    "action": "say something to the other side",
    "answer": "give your answer",
    "search": "look something up",
    "finish": "end the conversation",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One valid use of the tool. `content` is stripped, empty exactly when `choice` is `finish`; for `SAYS` it is anything."""

    choice: str
    content: str = ""

    @property
    def action(self) -> str:
        if self.choice == SAYS:
            return self.content
        return f"[{FINISH}]" if self.choice == FINISH else f"[{self.choice}] {self.content}"


@dataclass(frozen=True, slots=True)
class Malformed:
    """A turn that is not one valid call; `reason` is the feedback its speaker gets."""

    reason: str


def parse(wire: Wire, text: str, choices: Sequence[str], readings: Mapping[str, str] = {}) -> Call | Malformed:
    """Read what a speaker said, after its leading thought if there is one."""
    if not choices:
        return Call(SAYS, text)
    said = _without_thought(text)
    if isinstance(said, Malformed):
        return said
    return (_parse_hermes if wire == "hermes" else _parse_bracket)(said, choices, readings)


def render(wire: Wire, call: Call) -> str:
    """Write a call; the inverse of `parse`."""
    if wire == "bracket" or call.choice == SAYS:
        return call.action
    arguments = {"choice": call.choice, "content": call.content}
    return f"{_OPEN}\n{json.dumps({'name': TOOL_NAME, 'arguments': arguments}, ensure_ascii=False)}\n{_CLOSE}"


def split_action(action: str, choices: Sequence[str], readings: Mapping[str, str] = {}) -> Call | Malformed:
    """Read `"[choice] content"`, as gyms do."""
    if not choices:
        return Call(SAYS, action)
    action = action.strip()
    head = _CHOICE.match(action)
    if head is None:
        return Malformed(f"Start with {_listed(choices)}.")
    return _call(head.group(1), action[head.end() :], choices, readings)


def tool_schema(choices: Sequence[str]) -> dict[str, Any]:
    """The tool as a JSON schema in the OpenAI function form, for chat templates."""
    meaning = "; ".join(f"{choice}: {_MEANING.get(choice, choice)}" for choice in choices)
    properties = {
        "choice": {"type": "string", "enum": list(choices), "description": meaning},
        "content": {"type": "string", "description": "What you say, answer or look up; empty to finish."},
    }
    parameters = {"type": "object", "properties": properties, "required": ["choice", "content"]}
    description = "Take your turn in the conversation. Call it exactly once per turn."
    return {"type": "function", "function": {"name": TOOL_NAME, "description": description, "parameters": parameters}}


def usage(wire: Wire, choices: Sequence[str]) -> str:
    """How to write a call, for the system prompt of a model that has no chat template for tools; nothing without a tool."""
    if not choices:
        return ""
    if wire == "bracket":
        return f"Write each turn as [choice] content, where the choice is {_listed(choices)}; [{FINISH}] has no content."
    return f"Each turn, call {TOOL_NAME} exactly once."


def _without_thought(text: str) -> str | Malformed:
    if not text.lstrip().startswith("<think>"):
        return text
    thought = _THOUGHT.match(text)
    return text[thought.end() :] if thought else Malformed("The thought did not end.")


def _parse_bracket(text: str, choices: Sequence[str], readings: Mapping[str, str]) -> Call | Malformed:
    call = split_action(text, choices, readings)
    if isinstance(call, Call) and any(name in choices for name in _CHOICE.findall(call.content)):
        return Malformed(_ONE_CALL)
    return call


def _parse_hermes(text: str, choices: Sequence[str], readings: Mapping[str, str]) -> Call | Malformed:
    start = text.find(_OPEN)
    if start < 0:
        return Malformed(f"Call {TOOL_NAME} once.")
    body = text[start + len(_OPEN) :].lstrip()
    try:
        data, end = json.JSONDecoder().raw_decode(body)
    except (ValueError, RecursionError):
        return Malformed("The tool call is not valid JSON.")
    rest = body[end:].lstrip()
    if not rest.startswith(_CLOSE):
        return Malformed(f"Close the tool call with {_CLOSE}.")
    if _OPEN in rest:
        return Malformed(_ONE_CALL)
    return _from_json(data, choices, readings)


def _from_json(data: object, choices: Sequence[str], readings: Mapping[str, str]) -> Call | Malformed:
    arguments = data.get("arguments") if isinstance(data, dict) and data.get("name") == TOOL_NAME else None
    if not isinstance(arguments, dict):
        return Malformed(f"Call {TOOL_NAME} with its arguments.")
    choice, content = arguments.get("choice"), arguments.get("content", "")
    if not isinstance(choice, str) or not isinstance(content, str):
        return Malformed("Give choice and content as strings.")
    return _call(choice, content, choices, readings)


def _call(choice: str, content: str, choices: Sequence[str], readings: Mapping[str, str]) -> Call | Malformed:
    choice = readings.get(choice, choice)
    if choice not in choices:
        return Malformed(f"Choose {_listed(choices)}.")
    if choice == FINISH:
        return Call(FINISH)
    content = content.strip()
    if not content:
        return Malformed(f"Say something after [{choice}].")
    head = _CHOICE.match(content)
    if head is not None and head.group(1) in (*choices, *_MEANING):
        return Malformed(_ONE_CALL)
    return Call(choice, content)


def _listed(choices: Sequence[str]) -> str:
    *most, last = [f"[{choice}]" for choice in choices]
    return f"{', '.join(most)} or {last}" if most else last
