"""What the two roles are told about their task: `short` for tiny models, `full` for language models.

Invariants
- The agent's text depends on the rules only, never on a task.
- The user's text is complete in itself: everything it may tell and everything it has told, no memory needed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from envs.intention.task import Detail, IntentionTask
from envs.intention.wording import ANSWER

Prompt = Literal["short", "full"]

SHORT_AGENT = "Ask."

_AGENT = """You help a person whose request leaves out details you need to know. Find them out by asking.

Each turn is one use of the tool:
- choice "action": one short question about one missing detail, and nothing else. Ask about the most important details first.
{several}
- choice "finish": ends the conversation at once.

Do not ask about what the request already says, and ask nothing twice. The person has patience for a few turns only."""
_STRICT = "  A turn that asks for more than one thing is refused and lost."
_LENIENT = "  A turn that asks for several things at once earns less."
_CLOSING = f"""
- choice "answer": only when a reply ends with "{ANSWER}". It is your last turn: list everything you were told as
  name: value; name: value
  with each detail named once. You cannot ask any more."""

_USER = """You are the person who made this request: "{request}"
An assistant asks you questions to find out what you want. Answer as that person, in one short sentence.

What you want and have not said yet:
{untold}

What you have said already:
{told}

Rules:
- If the question asks about one of the things above, name the thing and give exactly its value. Invent nothing.
- If you have said it already, say so.
- If it asks about anything else, say that it does not matter to you.
- If the question is too general to tell which thing is meant, ask for a more exact question.
- Tell only what was asked for. Never list what is still open, and do not solve the task yourself."""


def agent_prompt(prompt: Prompt, *, strict: bool, closing: bool) -> str:
    """The agent's system prompt."""
    if prompt == "short":
        return SHORT_AGENT
    return _AGENT.format(several=(_STRICT if strict else _LENIENT) + (_CLOSING if closing else ""))


def user_prompt(prompt: Prompt, task: IntentionTask, told: Collection[str]) -> str:
    """The user's system prompt, given the slots of the details it has told."""
    untold = [detail for detail in task.hidden.details if detail.slot not in told]
    if prompt == "short":
        return short_profile([f"{detail.slot} {detail.value}" for detail in untold], [*task.mentioned, *told])
    said = [_line(detail) for detail in task.hidden.details if detail.slot in told]
    said += [f"- {slot}: {value} (in your request)" for slot, value in task.mentioned.items()]
    lists = {"untold": [_line(detail) for detail in untold], "told": said}
    return _USER.format(request=task.visible.request, **{key: "\n".join(lines) or "- nothing" for key, lines in lists.items()})


def short_profile(untold: list[str], told: list[str]) -> str:
    """The tiny user's profile: slots and values side by side, as it says them."""
    parts = ["with " + "; ".join(untold) if untold else "", " ".join(["told", *told]) if told else ""]
    return ". ".join(part for part in parts if part)


def _line(detail: Detail) -> str:
    return f"- {detail.description}: {detail.value}"
