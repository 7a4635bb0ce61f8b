"""What the two roles are told about their task: `short` for tiny models, `full` for language models.

Invariants
- The agent's text depends on the rules and on the kind of thing only, never on the thing.
- The user's text is complete in itself: the thing and its facts, no memory needed.
"""

from __future__ import annotations

from typing import Literal

from envs.closed import SAID, Answer
from envs.telepathy.attributes import FEATURES, Origin
from envs.telepathy.task import TelepathyTask

Prompt = Literal["short", "full"]

SHORT_AGENT = "Guess."

_AGENT = """A person thinks of a thing. Find out which one by asking.

Each turn is one use of the tool:
- choice "action": one question that can be answered with yes or no. The person answers yes, no or maybe, and nothing else.
- choice "answer": your guess, the name of the thing and no other word.{guesses}
- choice "finish": gives up.

You have {turns} turns in all, guesses included. Ask first what rules out most."""
_NAMED = "\nThe thing has no name of its own: name its {listed}, in this order."
_GUESSES = " You have {count}; the game ends with the last."

_USER = """You think of this thing: {name}
Somebody tries to find out what it is. Answer the question about it truthfully with one of these words and nothing else:
{choices}

True of it: {yes}
Sometimes or partly true: {maybe}
Not true: {no}

If the question is about none of these, answer from what everybody knows about the thing.
If it cannot be answered with yes or no, say "{unclear}"."""


_USER_FREE = """You think of this thing: {name}
About it: {about}
Somebody tries to find out what it is. Answer the question about it truthfully, from what everybody knows about the thing, with
one of these words and nothing else:
{choices}

If it cannot be answered with yes or no, say "{unclear}"."""


def agent_prompt(prompt: Prompt, source: Origin, *, guesses: int, max_turns: int) -> str:
    """The agent's system prompt."""
    if prompt == "short":
        return SHORT_AGENT
    limit = _GUESSES.format(count=f"{guesses} guess{'es' * (guesses != 1)}") if guesses else ""
    named = _NAMED.format(listed=", ".join(FEATURES)) if source == "generated" else ""
    return _AGENT.format(guesses=limit, turns=max_turns) + named


def user_prompt(prompt: Prompt, task: TelepathyTask) -> str:
    """The user's system prompt."""
    if task.source == "userrl":
        said = {"choices": " ".join(SAID.values()), "unclear": SAID["maybe"]}
        return _USER_FREE.format(name=task.hidden.name, about=task.hidden.about, **said)
    listed = {answer: _listed(task, answer) for answer in SAID}
    if prompt == "short":
        return short_profile(listed["yes"], listed["maybe"])
    facts = {answer: ", ".join(names) or "nothing" for answer, names in listed.items()}
    return _USER.format(name=" or ".join(task.hidden.names), choices=" ".join(SAID.values()), unclear=SAID["maybe"], **facts)


def short_profile(yes: list[str], maybe: list[str]) -> str:
    """The tiny user's profile: the attributes that hold, then those that may."""
    return " ".join(["is", *yes, *(["maybe", *maybe] if maybe else [])])


def _listed(task: TelepathyTask, answer: Answer) -> list[str]:
    return [name for name, true in task.hidden.facts.items() if true == answer]
