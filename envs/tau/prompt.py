"""What the two roles are told about their task: `short` for tiny models, `full` for language models.

Invariants
- The agent's text depends on the rules and the domain only.
- The customer's text holds what the customer knows and wants, and nothing of what would be right to do about it.
"""

from __future__ import annotations

from typing import Literal

from envs.tau.task import TauTask
from envs.tau.wording import STOP

Prompt = Literal["short", "full"]

SHORT_AGENT = "Serve."

_AGENT = """You serve customers by text, with tools that read and change a database.

Each turn is one use of the tool:
- choice "action": what you say to the customer, who answers.
- choice "answer": a call of one of your tools, {{"name": "...", "arguments": {{...}}}}. You see what it returns, the customer
  does not.
- choice "search": "tools" lists your tools, "help" says how they are called.
- choice "finish": ends the conversation.

You have {turns} turns in all. What counts is how the database stands at the end, and that the customer was told what it
asked for. When the customer's wish is settled, say so and ask whether there is anything else; the customer ends the
conversation."""

_USER = """You are a customer writing to an agent who serves {domain} customers.

What you know about yourself:
{identity}
What you want, in this order:
{requests}
You began with: {opening}

Answer with one or two short sentences, as a customer would. Tell only what you are asked for, and invent nothing: what is not
listed here you do not know. Come to your next wish when the last is settled or has been refused. When you have been told that
everything is settled, or the agent takes leave, end your message with {stop} and write nothing after it. Never write {stop}
before that."""
_INSTRUCTED = """You are a customer writing to an agent. What you know and want:
{instruction}

You began with: {opening}

Answer with one or two short sentences, as a customer would. Do not tell everything at once, and invent nothing. When what you
want is settled, end your message with {stop} and write nothing after it. Never write {stop} before that."""


def agent_prompt(prompt: Prompt, policy: str, *, max_turns: int) -> str:
    """The agent's system prompt; the full one holds the policy, if there is one."""
    if prompt == "short":
        return SHORT_AGENT
    return _AGENT.format(turns=max_turns) + (f"\n\n{policy}" if policy else "")


def user_prompt(prompt: Prompt, task: TauTask) -> str:
    """The customer's system prompt."""
    hidden, opening = task.hidden, task.visible.opening
    if hidden.instruction:
        return _INSTRUCTED.format(instruction=hidden.instruction, opening=opening, stop=STOP)
    if prompt == "short":
        known = [*hidden.identity.items(), *(pair for each in hidden.requests for pair in _short(each.kind, each.slots))]
        return " ".join(f"{slot} {value}" for slot, value in known)
    return _USER.format(
        domain=task.visible.domain,
        identity=_listed(hidden.identity),
        requests="\n".join(f"{place}. {_wish(each.kind, each.slots)}" for place, each in enumerate(hidden.requests, start=1)),
        opening=opening,
        stop=STOP,
    )


WISHES = {
    "cancel": "cancel this and learn how much money comes back",
    "return": "send this back and learn how much money comes back",
    "exchange": "exchange this for another version and learn the difference in price",
    "order_address": "let this order be sent to another address",
    "user_address": "have your own address changed",
    "payment": "pay for this order in another way",
    "total": "learn what this order costs in all",
    "move": "fly on another day and learn the new hour of departure",
    "cabin": "sit in business and learn what it costs",
    "bags": "take more bags and learn what they cost",
    "rename": "have a name in this booking corrected",
    "voucher": "get what you are owed because this flight was late",
    "departure": "learn at what hour this flight leaves",
}


def _wish(kind: str, slots: dict[str, str]) -> str:
    about = "; ".join(f"{slot}: {value}" for slot, value in slots.items())
    return f"{WISHES[kind]} ({about})" if about else WISHES[kind]


def _short(kind: str, slots: dict[str, str]) -> list[tuple[str, str]]:
    return [("want", kind), *slots.items()]


def _listed(facts: dict[str, str]) -> str:
    return "\n".join(f"- {slot}: {value}" for slot, value in facts.items())
