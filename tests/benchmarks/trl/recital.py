"""A conversation of one turn: a prompt, and what is said to it, which earns the share of one letter in it.

Importing this registers the gym. A group's request carries one of its tasks, so it is registered wherever one is played.
`recitals` makes every turn as long as it may be, and whatever is said a call of the tool, for both are what TRL is given.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar
from unittest.mock import patch

from actors.rollout import GroupRequest, SpeakerFactory
from actors.worker import RolloutWorker, WorkerSpec
from envs import registry
from envs.base import Gym, Judge, Message, Speaker, Split, StepResult, Task, Utterance, View
from tests.benchmarks.shape import babble

NAME = "Recital"
LETTER = "e"
CALL = "[action] "
PROMPTS = 16
FEWEST, MOST = 5, 30
"""Words of a prompt."""


class Prompt(Task):
    """Something to say something to."""

    text: str


class Recital(Gym):
    """One turn, no partner, no judge."""

    name: ClassVar[str] = NAME
    terse = True

    def __init__(self, partner: Speaker, judge: Judge, max_turns: int = 1) -> None:
        super().__init__(partner, judge)
        self._share = 0.0

    def reset(self, task: Task, seed: int) -> View:
        assert isinstance(task, Prompt)
        return View("agent", "", (Message("user", task.text),))

    async def step(self, action: str) -> StepResult:
        said = action.removeprefix(CALL)
        self._share = said.count(LETTER) / max(len(said), 1)
        return StepResult("", {"env": self._share}, {"env": "rule"}, terminated=True)

    def refuse(self, reason: str) -> StepResult:
        return StepResult(reason, {"env": 0.0}, {"env": "rule"}, terminated=True)

    def score(self) -> float:
        return self._share

    def success(self) -> bool:
        return False

    def signature(self) -> str:
        return ""

    def state(self) -> dict[str, Any]:
        return {}


def prompts(split: Split = "train") -> list[Prompt]:
    """As many as a step has groups, so that every step has them all; the other split is never played."""
    lengths = random.Random(split)
    return [
        Prompt(id=f"{split}-{n}", gym=NAME, split=split, text=babble(lengths.randint(FEWEST, MOST), seed=n))
        for n in range(PROMPTS)
    ]


def _nobody(**_: Any) -> Speaker:
    raise LookupError(f"{NAME} has nobody to imitate")


registry.register(
    registry.Entry(
        gym=Recital,
        load=prompts,
        scripted={},
        demonstrations=lambda *_, **__: [],
        demonstrator=_nobody,
        baselines=lambda tasks: {},
    )
)


class RecitalWorker(RolloutWorker):
    """Its process is its own, so vLLM's parameters may be changed in it."""

    def __init__(self, spec: WorkerSpec) -> None:
        super().__init__(spec)
        import vllm

        parameters = vllm.SamplingParams
        vllm.SamplingParams = lambda **given: parameters(**given, min_tokens=given["max_tokens"])
        self._cast = replace(self._cast, acting=_calling(self._cast.acting))


def _calling(make: SpeakerFactory) -> SpeakerFactory:
    """Speakers all of whose words are a call."""

    def made(request: GroupRequest, seed: int) -> Speaker:
        speaker = make(request, seed)
        speak = speaker.speak

        async def call(view: View) -> Utterance:
            said = await speak(view)
            return replace(said, text=CALL + said.text)

        speaker.speak = call  # type: ignore[method-assign]
        return speaker

    return made


@contextmanager
def recitals() -> Iterator[None]:
    """Rollout workers that are started meanwhile are recital workers."""
    with patch("actors.worker.RolloutWorker", RecitalWorker):
        yield
