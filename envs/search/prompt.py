"""What the agent is told: `short` for tiny models, `full` for language models. It depends on the rules only."""

from __future__ import annotations

from typing import Literal

Prompt = Literal["short", "full"]

SHORT_AGENT = "Search."

RIGHT = "Right."
WRONG = "Wrong."
DONE = "Done."
NOTHING = "Nothing found."
ENOUGH = "No more searches. Answer."

_AGENT = """You get a question. No single article answers it: find one thing first, then look up what you learned about it.

Each turn is one use of the tool:
- choice "search": a few words to look up, best the name of one thing. You see up to {results} articles.
  {searches} searches bring results.
- choice "answer": your answer, one name or number and no other word.{answers}
- choice "finish": gives up.

You have {turns} turns in all, searches and answers included."""
_LIMIT = " You have {count}; the last one ends the conversation."


def agent_prompt(prompt: Prompt, *, searches: int, results: int, answers: int, max_turns: int) -> str:
    """The agent's system prompt."""
    if prompt == "short":
        return SHORT_AGENT
    limit = _LIMIT.format(count=f"{answers} answer{'s' * (answers != 1)}") if answers else ""
    return _AGENT.format(results=results, searches=searches, answers=limit, turns=max_turns)
