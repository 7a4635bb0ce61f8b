"""A policy as a speaker: transcript in, engine call out.

Lives in the rollout worker, one per episode and role. Every request is seeded from (episode seed, turn), so the same
episode seed gives the same words whatever else runs.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

from actors.engine import Completion, Sampling
from actors.transcript import Renderer, Transcript, strip_thinking
from envs.base import Utterance, View


class TokenService(Protocol):
    """An engine, local or behind a pool."""

    async def generate(self, policy: str, ids: list[int], sampling: Sampling, min_version: int = 0) -> Completion: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Room for one utterance and for a whole sequence, in tokens."""

    max_turn_tokens: int
    max_context: int


class PolicySpeaker:
    """Plays a role with a policy's tokens."""

    def __init__(
        self,
        policy: str,
        service: TokenService,
        renderer: Renderer,
        limits: Limits,
        *,
        temperature: float,
        seed: int,
        history: Literal["keep", "strip"] = "keep",
        min_version: int = 0,
        shows_thinking: bool = True,
        closed: bool = False,
        whole: bool = False,
    ) -> None:
        """`shows_thinking`: whether the utterance is all that was said, as a gym needs it of the acting role. `closed`: whether
        a closed question is answered by one of its choices and nothing else; never where logprobs are to be learned from.
        `whole`: whether words that the full context cuts off are `context_full`, as in a gym where all that is said is the
        action; they leave no tokens."""
        self.policy = policy
        self._shows_thinking = shows_thinking
        self._closed = closed
        self._whole = whole
        self.transcript = Transcript(renderer, history)
        self._service = service
        self._renderer = renderer
        self._limits = limits
        self._temperature = temperature
        self._seed = seed
        self._min_version = min_version
        self._turn = 0

    async def speak(self, view: View) -> Utterance:
        """Say something, or report `context_full` when not even one token fits, or `whole` words did not."""
        ids = self.transcript.hear(view.system, view.messages, fresh=view.fresh)
        room = min(self._limits.max_turn_tokens, self._limits.max_context - len(ids))
        if room < 1:
            return Utterance("", "context_full")
        choices = view.choices if self._closed else ()
        seed = derived_seed(self._seed, self._turn)
        sampling = Sampling(self._temperature, room, seed, (self._renderer.end,), choices=choices)
        completion = await self._service.generate(self.policy, list(ids), sampling, self._min_version)
        if self._whole and completion.finish == "length" and room < self._limits.max_turn_tokens:
            return Utterance("", "context_full")
        text = self.transcript.say(self._turn, completion.tokens, completion.logprobs, completion.versions)
        self._turn += 1
        return Utterance(text if self._shows_thinking else strip_thinking(text), completion.finish)


def derived_seed(*parts: int | str) -> int:
    """A 63-bit seed that depends on every part and on nothing else (Python's `hash` differs between processes)."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
