"""A role behind an OpenAI-compatible server, as a speaker: a simulated user, a teacher, or an agent that is measured.

Keeps the conversation as messages, one list per episode. What it thought is neither said nor read by itself again; only in a
gym without a tool, where all that was said is the action, it is told. Every request carries a seed made of (episode seed,
turn), so a server that honours seeds, and a replay, say the same again.
A closed question asks for JSON with one of its answers, by `response_format` as judges do. An object without one is an invalid
answer; a server that knows no schemas answers in words, and the gym hears those.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from actors.endpoint import EndpointClient, EndpointError
from actors.endpoint_reply import LONGEST_MESSAGE
from actors.retry import persist
from actors.rollout import GroupRequest
from actors.speaker import Limits, derived_seed
from actors.transcript import strip_thinking
from envs import registry
from envs.base import Message, Utterance, View
from rewards.config import RetryPolicy
from rewards.endpoint_config import EndpointConfig

SEEDS = 2**31
"""Seeds are below this: more than 31 bits is refused by some servers, and rounded by gateways that read JSON as floats."""
TEMPERATURE = 1.0
"""Of every partner, also when the agent is evaluated greedily: the task must stay the same task."""


class EndpointSpeaker:
    """Plays a role. `speak` raises EndpointError when no answer can be had: the episode is masked."""

    def __init__(
        self,
        client: EndpointClient,
        retry: RetryPolicy,
        max_tokens: int,
        seed: int,
        temperature: float = TEMPERATURE,
        *,
        shows_thinking: bool = False,
    ) -> None:
        """`shows_thinking`: whether the utterance is all that was said."""
        self._client = client
        self._retry = retry
        self._max_tokens = max_tokens
        self._seed = seed
        self._temperature = temperature
        self._shows_thinking = shows_thinking
        self._turn = 0
        self._said: list[dict[str, str]] = []

    async def speak(self, view: View) -> Utterance:
        """Say something."""
        if view.fresh or not self._said:
            self._said = [{"role": "system", "content": view.system}] if view.system else []
        self._said += map(_plain, view.messages)
        said = await persist(self._retry, lambda: self._complete(view.choices), EndpointError)
        self._turn += 1
        self._said.append({"role": "assistant", "content": said.text})
        return said

    async def _complete(self, choices: Sequence[str]) -> Utterance:
        reply = await self._client.complete(self._body() | (closed(choices) if choices else {}))
        text = reply.text if self._shows_thinking else strip_thinking(reply.text)
        return Utterance(chosen(text, choices) if choices else text, reply.finish)

    def _body(self) -> dict[str, Any]:
        return {
            "messages": self._said,
            "max_tokens": self._max_tokens,
            "temperature": self._temperature,
            "seed": derived_seed(self._seed, self._turn) % SEEDS,
        }


class EndpointSpeakers:
    """Makes speakers that share one client: its limits are those of the process. Who is `acting` speaks at the request's
    temperature."""

    def __init__(self, endpoint: EndpointConfig, retry: RetryPolicy, limits: Limits, *, acting: bool = False) -> None:
        self.client = EndpointClient(endpoint, retry.deadline_s)
        self._retry = retry
        self._max_tokens = limits.max_turn_tokens
        self._acting = acting

    def __call__(self, request: GroupRequest, seed: int) -> EndpointSpeaker:
        temperature = request.temperature if self._acting else TEMPERATURE
        whole = self._acting and not registry.entry(request.task.gym).gym.choices
        return EndpointSpeaker(self.client, self._retry, self._max_tokens, seed, temperature, shows_thinking=whole)


def closed(choices: Sequence[str]) -> dict[str, Any]:
    """The part of a request that asks for one of `choices`."""
    properties = {"answer": {"type": "string", "enum": list(choices)}}
    schema = {"type": "object", "properties": properties, "required": ["answer"], "additionalProperties": False}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}}


def chosen(text: str, choices: Sequence[str]) -> str:
    """The answer in a JSON object, or the words themselves. Raises EndpointError for an object without one of `choices`."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        answer = json.loads(text).get("answer")
    except (ValueError, RecursionError):
        answer = None
    if answer not in choices:
        raise EndpointError("invalid", f"not one of {' '.join(choices)}: {text[:LONGEST_MESSAGE]!r}")
    return str(answer)


def _plain(message: Message) -> dict[str, str]:
    """Feedback of a tool is heard as from the other side: the protocol knows no tool message without a call."""
    return {"role": "user" if message.role == "tool" else message.role, "content": message.content}
