"""What the two roles are told about their task: `short` for tiny models, `full` for language models.

Invariants
- The agent's text depends on the rules only, never on the task; the claim comes as the opening message.
- The user's text is complete in itself. It holds no arguments: those come as messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from envs.persuade.grammar import MOST_WORDS
from envs.persuade.task import LEVELS, STANCES, PersuadeTask
from envs.persuade.topics import TOPICS

Prompt = Literal["short", "full"]

SHORT_AGENT = "Argue."

_AGENT = """A person makes a claim. Change the person's mind by arguing against it.

Each turn is one use of the tool:
- choice "answer": one argument against the claim, always a new one, with one reason in at most {words} words.
- choice "finish": ends the conversation.

You have {turns} turns in all.{patience} Listen to the replies: they show what weighs with this person."""
_PATIENCE = " After {count} arguments that move nothing the person stops listening."

_USER = """You made this claim: "{claim}"
You had written about it: {essay}

Somebody argues against it. You now say of your claim: {stance}.
Reply to the latest argument in at most two sentences, to the other person, with respect and critically.
{open}
Give no reasons against your own claim, and name no number or level."""
_OPEN = "You still miss an answer on: {topics}. End with a question about one of these."
_FREE = "A strong new reason may convince you; say what does not."
_SETTLED = "Nothing is left that you would have to say against the other side."


def agent_prompt(prompt: Prompt, *, patience: int, max_turns: int) -> str:
    """The agent's system prompt."""
    if prompt == "short":
        return SHORT_AGENT
    limit = _PATIENCE.format(count=patience) if patience else ""
    return _AGENT.format(words=MOST_WORDS, patience=limit, turns=max_turns)


def user_prompt(prompt: Prompt, task: PersuadeTask, level: int, moved: bool, left: Sequence[str]) -> str:
    """The user's system prompt, given where the believer stands and the concerns that are left."""
    nouns = [TOPICS[topic].noun for topic in left]
    if prompt == "short" and task.hidden.concerns:
        return " ".join(["won" if level == LEVELS else "moved" if moved else "unmoved", *nouns])
    if not task.hidden.concerns:
        return _USER.format(claim=task.visible.claim, essay=task.hidden.essay, stance=STANCES[level], open=_FREE)
    still = _OPEN.format(topics=", ".join(nouns)) if nouns and level < LEVELS else _SETTLED
    return _USER.format(claim=task.visible.claim, essay=task.hidden.essay, stance=STANCES[level], open=still)
