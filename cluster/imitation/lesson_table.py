"""Lessons as a trajectory table, with the weight of every token in the `advantage` column.

The transcript that records rollouts builds the rows, so imitation and training see the same tokens. A token weighs what its
speaker weighs, times its message's factor. Under `history: strip` every turn is a row of its own, as in rollouts; of the first
row all is learned, of a later one the policy's own words alone: what is heard after the first turn is never learned.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from jinja2 import TemplateError

from actors.transcript import Renderer, TokenSequence, Transcript, as_json
from cluster.config.sft import SpeakerWeights
from cluster.errors import UserError
from cluster.imitation.lesson import Lesson
from envs.base import Split
from rewards.trajectory import Row, Turn, to_table, with_advantage

History = Literal["keep", "strip"]


def lesson_table(
    lessons: Sequence[Lesson],
    renderer: Renderer,
    policy: str,
    weights: SpeakerWeights,
    *,
    history: History = "keep",
    split: Split = "train",
) -> pa.Table:
    """The rows of all lessons; a lesson's `episode_id` is its place. Raises UserError where the chat template refuses one."""
    rows, advantage = [], []
    for number, lesson in enumerate(lessons):
        for part, (sequence, turns, weight) in enumerate(_rendered(lesson, renderer, policy, weights, history)):
            advantage.append(weight)
            rows.append(
                Row(
                    policy=policy,
                    opponent="scripted" if lesson.gym else "file",
                    gym=lesson.gym,
                    task_id=lesson.task_id,
                    split=split,
                    group_id=number,
                    episode_id=str(number),
                    sequence=part,
                    tokens=sequence.tokens,
                    turn=sequence.turn,
                    logprobs=sequence.logprobs,
                    version=sequence.versions,
                    turns=turns,
                    messages=as_json(lesson.messages),
                )
            )
    return with_advantage(to_table(rows), advantage)


Rendered = list[tuple[TokenSequence, list[Turn], list[float]]]


def _rendered(lesson: Lesson, renderer: Renderer, policy: str, weights: SpeakerWeights, history: History) -> Rendered:
    try:
        return _Pupil(lesson, renderer, weights, history).sequences()
    except TemplateError as error:  # many templates take certain roles only, or in one order
        why = " ".join(str(error).split())
        raise UserError(
            f"sft.{policy}: the model's chat template refuses the conversation of task {lesson.task_id}: {why}"
        ) from None


class _Pupil:
    """Goes through one lesson."""

    def __init__(self, lesson: Lesson, renderer: Renderer, weights: SpeakerWeights, history: History) -> None:
        self._lesson, self._renderer = lesson, renderer
        self._transcript = Transcript(renderer, history)
        self._worth = [getattr(weights, m.role) * f for m, f in zip(lesson.messages, lesson.factors, strict=True)]
        self._turns: list[list[Turn]] = []
        self._weights: list[list[float]] = []

    def sequences(self) -> Rendered:
        """The ids as a rollout would have recorded them, their turns, and a weight per token. What comes after the policy's
        last words is left out."""
        messages = self._lesson.messages
        last = max(number for number, message in enumerate(messages) if message.role == "assistant")
        heard: list[int] = []
        for number, message in enumerate(messages[: last + 1]):
            if message.role != "assistant":
                heard.append(number)
                continue
            self._hear(heard)
            turn = sum(map(len, self._turns))
            self._transcript.demonstrate(turn, message.content)
            self._turns[-1].append(Turn(turn, "stop"))
            self._fill(self._worth[number])
            heard = []
        return list(zip(self._transcript.sequences, self._turns, self._weights, strict=True))

    def _hear(self, heard: list[int]) -> None:
        messages = tuple(self._lesson.messages[number] for number in heard)
        self._transcript.hear("", messages)
        opening = len(self._weights) < len(self._transcript.sequences)
        if opening:
            self._turns.append([])
            self._weights.append([])
        if opening and len(self._weights) > 1:
            self._fill(0.0)
            return
        worth = [self._worth[number] for number in heard] or [0.0]
        if len(set(worth)) > 1:
            self._weights[-1] += [worth[owner] for owner in self._renderer.owners(messages, opening=opening)]
        self._fill(worth[0])

    def _fill(self, weight: float) -> None:
        """Give it to every token that has none yet."""
        row = self._weights[-1]
        row += [weight] * (len(self._transcript.sequences[-1].tokens) - len(row))


def lengths(table: pa.Table) -> dict[int, int]:
    """The tokens of the longest row of every lesson, by its place."""
    longest: dict[int, int] = {}
    numbers = map(int, table["episode_id"].to_pylist())
    for number, length in zip(numbers, pc.list_value_length(table["tokens"]).to_pylist(), strict=True):
        longest[number] = max(length, longest.get(number, 0))
    return longest
