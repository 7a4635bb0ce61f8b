"""The token ids of one speaker's side of a conversation, append-only.

Sampled ids stay exactly as they were sampled; what others say is appended as the chat template's delta. Nothing is ever
re-rendered, so the ids the learner trains on are the ids the engine saw.

The delta works for any template, also those that strip thinking from earlier turns: render `[user, assistant(MARK),
new messages]` with the generation prompt, take what follows MARK, drop the end-of-turn token if it was sampled, and
tokenise that alone.

Invariants
- `tokens`, `turn`, `logprobs`, `versions` of a sequence always have equal length.
- A token with `turn >= 0` was said by this speaker; it carries a logprob exactly if an engine sampled it.
- A new sequence starts on a `fresh` view, and before every turn under `history="strip"`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer

from envs.base import Message
from envs.tool import Wire, tool_schema

MARK = "\u2063MARK\u2063"
"""Stands for the speaker's own words when the delta is rendered; invisible separators keep it out of real text."""
ALL_CHOICES = ("action", "answer", "search", "finish")
"""What the tool offers in the prompt; each gym refuses what it has no use for."""


class Renderer:
    """A chat template and its tokenizer; shared by all transcripts of a policy and cached, since gyms repeat themselves."""

    def __init__(self, tokenizer: Any, tools: Sequence[dict[str, Any]] = ()) -> None:
        self._tokenizer = tokenizer
        # The bare tokenizers: transformers' wrapper costs ten times the work on a short text, and its
        # `split_special_tokens` changes a state that all later calls share.
        self._marked = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._plain = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
        self._plain.encode_special_tokens = True
        self._tools = list(tools) or None
        self.end = int(tokenizer.eos_token_id)
        self._special: list[str] = [token for token in tokenizer.all_special_tokens if len(token) > 1]
        self._end_text: str = tokenizer.convert_ids_to_tokens(self.end)
        self.opening = lru_cache(maxsize=4096)(self._opening)
        self.delta = lru_cache(maxsize=65536)(self._delta)

    @classmethod
    def load(cls, path: str | Path, tools: Sequence[dict[str, Any]] = ()) -> Renderer:
        """The renderer of a model folder."""
        from transformers import AutoTokenizer

        return cls(AutoTokenizer.from_pretrained(path), tools)

    @classmethod
    def acting(cls, path: str | Path, wire: Wire) -> Renderer:
        """The renderer of a policy that acts, in rollouts and in imitation: on the hermes wire its prompt shows the tool."""
        return cls.load(path, [tool_schema(ALL_CHOICES)] if wire == "hermes" else [])

    def encode(self, text: str) -> list[int]:
        """Plain text to ids; special tokens spelled out in the text are not special."""
        return list(self._plain.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Ids to text, without special tokens."""
        return str(self._marked.decode(list(ids), skip_special_tokens=True))

    def owners(self, messages: tuple[Message, ...], *, opening: bool) -> list[int]:
        """Which message each id of `opening(messages)`, or of `delta(messages, True)`, belongs to, counted from 0.

        What the template writes between two messages goes with the first up to an end of turn, then with the second; the
        generation prompt goes with the last.
        """
        render = self._render if opening else lambda given: self._rest(given, True)
        text = render(messages)
        starts = [0]
        for number in range(1, len(messages)):
            marked = (*messages[:number], Message(messages[number].role, MARK), *messages[number + 1 :])
            words = _shared(text, render(marked))  # where the contents of this message begin
            ended = text.rfind(self._end_text, starts[-1], words)
            starts.append(max(starts[-1], words if ended < 0 else ended + len(self._end_text)))
        places = self._marked.encode(text, add_special_tokens=False).offsets
        return [bisect_right(starts, begin) - 1 for begin, _ in places]

    def _opening(self, messages: tuple[Message, ...]) -> tuple[int, ...]:
        return self._ids(self._render(messages))

    def _delta(self, messages: tuple[Message, ...], ended: bool) -> tuple[int, ...]:
        return self._ids(self._rest(messages, ended))

    def _rest(self, messages: tuple[Message, ...], ended: bool) -> str:
        """What follows the speaker's own words; `ended` says whether it sampled its end-of-turn token."""
        rendered = self._render((Message("user", "-"), Message("assistant", MARK), *messages))
        _, mark, rest = rendered.partition(MARK)
        if not mark:
            raise ValueError("the chat template does not print the assistant's content")
        return rest.removeprefix(self._end_text) if ended else rest

    def _render(self, messages: Sequence[Message]) -> str:
        chat = [{"role": m.role, "content": self._defused(m.content)} for m in messages]
        return str(self._tokenizer.apply_chat_template(chat, tools=self._tools, add_generation_prompt=True, tokenize=False))

    def _defused(self, text: str) -> str:
        """What a speaker wrote, with special tokens that it spelled out broken up: nobody forges a turn of another."""
        for token in self._special:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._marked.encode(text, add_special_tokens=False).ids)


@dataclass(slots=True)
class TokenSequence:
    """One row's worth of tokens."""

    tokens: list[int] = field(default_factory=list)
    turn: list[int] = field(default_factory=list)
    logprobs: list[float | None] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)


class Transcript:
    """All sequences of one speaker in one episode."""

    def __init__(self, renderer: Renderer, history: Literal["keep", "strip"] = "keep") -> None:
        self.sequences: list[TokenSequence] = []
        self._renderer = renderer
        self._strip = history == "strip"
        self._said: list[Message] = []
        self._ended = True

    def hear(self, system: str, messages: tuple[Message, ...], *, fresh: bool = False) -> list[int]:
        """Append what others said and return all ids to continue from."""
        first = not self.sequences
        if fresh or first:
            self._said = [Message("system", system)] if system else []
        self._said += messages
        if fresh or first or self._strip:
            self.sequences.append(TokenSequence())
            self._context(self._renderer.opening(tuple(self._said)))
        else:
            self._context(self._renderer.delta(messages, self._ended))
        return self.sequences[-1].tokens

    def say(self, turn: int, tokens: Sequence[int], logprobs: Sequence[float] | None, versions: Sequence[int] | None) -> str:
        """Append the speaker's own words (sampled, or demonstrated when `logprobs` is None); returns their text."""
        if turn < 0 or not self.sequences:
            raise ValueError("a speaker hears before it speaks, and its turns count from 0")
        self._append(tokens, turn, logprobs, versions)
        self._ended = bool(tokens) and tokens[-1] == self._renderer.end
        text = self._renderer.decode(tokens)
        self._said.append(Message("assistant", strip_thinking(text) if self._strip else text))
        return text

    def demonstrate(self, turn: int, text: str) -> None:
        """Append words to imitate, with their end of turn."""
        self.say(turn, [*self._renderer.encode(text), self._renderer.end], None, None)

    def _context(self, tokens: Sequence[int]) -> None:
        self._append(tokens, -1, None, None)

    def _append(
        self, tokens: Sequence[int], turn: int, logprobs: Sequence[float] | None, versions: Sequence[int] | None
    ) -> None:
        if turn < 0 and logprobs is not None:
            raise ValueError("tokens that nobody sampled carry no logprobs")
        for name, column in (("logprobs", logprobs), ("versions", versions)):
            if column is not None and len(column) != len(tokens):
                raise ValueError(f"{len(column)} {name} for {len(tokens)} tokens")
        sequence = self.sequences[-1]
        sequence.tokens.extend(tokens)
        sequence.turn.extend([turn] * len(tokens))
        sequence.logprobs.extend(logprobs if logprobs is not None else [None] * len(tokens))
        sequence.versions.extend(versions if versions is not None else [-1] * len(tokens))


def _shared(one: str, other: str) -> int:
    """Length of the beginning two texts have in common."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def strip_thinking(text: str) -> str:
    """What others, and the speaker itself in later turns, may read of an utterance: all after the thinking."""
    if "</think>" in text:
        return text.rpartition("</think>")[2].lstrip("\n")
    return text.partition("<think>")[0]  # a thought that was cut off is still a thought


def as_json(messages: Sequence[Message]) -> str:
    """Messages for people."""
    return json.dumps([{"role": m.role, "content": m.content} for m in messages], ensure_ascii=False)
