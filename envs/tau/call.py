"""How an agent writes a tool call, and what it is told about the tools.

Invariant: `read_call` takes any text; what is no call is a sentence that says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from envs.tau.tools import Tool

HELP = """Call a tool with [answer] {"name": "tool", "arguments": {"parameter": "value"}}
or with [answer] tool: {"parameter": "value"}.
The list of tools ([search] tools) names every tool with its parameters as a JSON schema; "required" ones have to be given."""

_SHORT = re.compile(r"(\w+)\s*:\s*(\{.*)", re.DOTALL)
_WRONG = 'Write {"name": "tool", "arguments": {...}} or tool: {...}.'


def listed(tools: Iterable[Tool]) -> str:
    """The tools, one line of JSON each."""
    return "\n".join(json.dumps(tool.schema(), ensure_ascii=False) for tool in tools)


def read_call(text: str) -> tuple[str, dict[str, Any]] | str:
    """Name and arguments, or what is wrong."""
    short = _SHORT.fullmatch(text.strip())
    try:
        data = {"name": short[1], "arguments": json.loads(short[2])} if short else json.loads(text)
        json.dumps(data, ensure_ascii=False).encode()  # half a character, which JSON can write, is refused here
    except (ValueError, RecursionError):
        return f"That is no JSON. {_WRONG}"
    if not isinstance(data, dict) or not isinstance(data.get("name"), str) or not isinstance(data.get("arguments"), dict):
        return _WRONG
    return data["name"], data["arguments"]
