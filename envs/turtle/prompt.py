"""What the two roles are told about their task: `short` for tiny models, `full` for language models.

Invariants
- The agent's text depends on the rules only, never on the story.
- The user's text is complete in itself: the story and what is true of it, no memory needed. It holds no criterion: who answers
  questions need not know what pays.
"""

from __future__ import annotations

from typing import Literal

from envs.closed import SAID
from envs.turtle.catalogue import catalogue
from envs.turtle.grammar import MOST_WORDS
from envs.turtle.task import TurtleTask

Prompt = Literal["short", "full"]

SHORT_AGENT = "Explain."

_AGENT = """You are told the end of a story, and it sounds strange. Find out what really happened.

Each turn is one use of the tool:
- choice "action": one question that can be answered with yes or no. The other side answers yes, no or maybe, and nothing else.
- choice "answer": your explanation, in a few plain sentences (at most {words} words), without alternatives.
  You hear how many of its points are right.{answers}
- choice "finish": gives up.

You have {turns} turns in all. Ask first who, where, with what and why; explain when you know."""
_ANSWERS = " You have {count}; the best one counts and the last one ends it."

_USER = """You know what is behind this story: "{surface}"
What really happened: {story}

Somebody tries to find it out. Answer the question truthfully with one of these words and nothing else: {choices}
{about}If the question does not matter, or cannot be answered with yes or no, say "{unclear}"."""


def agent_prompt(prompt: Prompt, *, answers: int, max_turns: int) -> str:
    """The agent's system prompt."""
    if prompt == "short":
        return SHORT_AGENT
    limit = _ANSWERS.format(count=f"{answers} explanation{'s' * (answers != 1)}") if answers else ""
    return _AGENT.format(words=MOST_WORDS, answers=limit, turns=max_turns)


def user_prompt(prompt: Prompt, task: TurtleTask) -> str:
    """The user's system prompt."""
    if prompt == "short" and task.source != "userrl":
        return " ".join(["is", *true_facts(task)])
    values = ", ".join(f"{kind} {value}" for kind, value in task.hidden.values.items())
    about = f"In one word each, it is about: {values}.\n" if values else ""
    said = {"choices": " ".join(SAID.values()), "unclear": SAID["maybe"], "about": about}
    return _USER.format(surface=task.visible.surface, story=task.hidden.story, **said)


def true_facts(task: TurtleTask) -> list[str]:
    """The names of all facts that are true of a story."""
    if task.source == "userrl":
        return []
    values = task.hidden.values.values()
    return [name for name, fact in catalogue(task.source).facts.items() if fact.values.intersection(values)]
