"""What the agent is told: `short` for tiny models, `full` for language models. There is no user, hence no other prompt.

Invariant: the text depends on the rules of play and on the kind of rule only, never on the task's rule.
"""

from __future__ import annotations

from typing import Literal

from envs.function.catalogue import Source
from envs.function.grammar import Numbers

Prompt = Literal["short", "full"]

SHORT_AGENT = "Infer."

_AGENT = """A hidden arithmetic rule turns four numbers a, b, c and d into one. Find out what it makes of a test case.

Each turn is one use of the tool:
- choice "action": four {numbers} for a, b, c and d, for example 3 -1 12 5. You are told what the rule makes of them. The test
  case itself is refused.
- choice "search": the word test. You are told the numbers of the test case.
- choice "answer": the rule's result for the test case, {form}.{answers}
- choice "finish": gives up.

The rule uses each of a, b, c and d, {operators}. You have {turns} turns in all. Choose numbers that tell many rules apart."""
_NUMBERS: dict[Numbers, str] = {"whole": "whole numbers from -99 to 99", "any": "numbers"}
_FORM: dict[Numbers, str] = {"whole": "as a number or a fraction like 7/3", "any": "as a number"}
_OPERATORS: dict[Source, str] = {
    "square": "with + - * / and sometimes a square",
    "power": "with + - * / and sometimes a power whose exponent is a variable",
}
_ANSWERS = " You have {count}; the game ends with the last."


def agent_prompt(prompt: Prompt, source: Source, *, numbers: Numbers, answers: int, max_turns: int) -> str:
    """The agent's system prompt."""
    if prompt == "short":
        return SHORT_AGENT
    limit = _ANSWERS.format(count=f"{answers} answer{'s' * (answers != 1)}") if answers else ""
    return _AGENT.format(
        numbers=_NUMBERS[numbers], form=_FORM[numbers], answers=limit, operators=_OPERATORS[source], turns=max_turns
    )
