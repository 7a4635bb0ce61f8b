"""TelepathyGym: find out by questions that can be answered yes, no or maybe what somebody thinks of.

Rules (each has a test)
- `[action]` asks; the partner answers one of three words. What is heard as none (`envs.closed`) is a "Maybe." and counted
  (`user_error`), as is an answer that the fact table contradicts; neither changes a reward.
- `[answer]` guesses; the judge (`telepathy.guess`) decides. The right guess pays 1 and ends the episode, a wrong one costs its
  turn, and the last of `guesses` ends the episode (0: no limit).
- `[finish]` ends the episode; at `max_turns` it is cut off. Anything malformed costs a turn.

Invariants: see `envs.base`. An observation holds the opening, the closed answers and the gym's own words, nothing else: not
even a partner that tells the name can pass it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack, cast

from envs.base import Judge, Message, Speaker, Task, View
from envs.closed import CHOICES, SAID, heard
from envs.telepathy.grammar import attribute, truth
from envs.telepathy.prompt import Prompt, agent_prompt, user_prompt
from envs.telepathy.task import TelepathyTask
from envs.telepathy.verdict import GuessRequest, GuessVerdict
from envs.telepathy.wording import DONE, RIGHT, WRONG
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState

GUESSES = 3
"""Enough to err once or twice, too few to try names one after the other."""
STAGES = ((10, "10+"), (5, "5-9"), (1, "1-4"), (0, "0"))
"""Questions asked -> progress label; the first that is reached counts."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    questions: int = 0
    guesses: int = 0
    solved: bool = False
    user_errors: int = 0
    """Answers of the partner that were none, or false; they change no reward by themselves."""


class TelepathyGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "TelepathyGym"
    userrl_readings: ClassVar[Mapping[str, str]] = {"search": "action"}
    _state: State
    _task: TelepathyTask

    def __init__(
        self, partner: Speaker, judge: Judge, *, guesses: int = GUESSES, prompt: Prompt = "full", **rules: Unpack[TurnRules]
    ) -> None:
        super().__init__(partner, judge, **rules)
        if guesses < 0:
            raise ValueError(f"guesses is {guesses}, but it is 0 (no limit) or more.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.guesses, self.prompt = guesses, prompt
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, TelepathyTask):
            raise TypeError(f"TelepathyGym plays TelepathyTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        system = agent_prompt(self.prompt, task.source, guesses=self.guesses, max_turns=self.rules.max_turns)
        return View("agent", system, (Message("user", task.visible.opening),), known=task.visible.model_dump())

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            return Outcome(DONE, over=True)
        return await (self._guess if call.choice == "answer" else self._ask)(call.content)

    def score(self) -> float:
        return float(self._state.solved)

    def success(self) -> bool:
        return self._state.solved

    def signature(self) -> str:
        return next(label for least, label in STAGES if self._state.questions >= least)

    def facts(self) -> dict[str, Any]:
        return {"name": self._task.hidden.name, "guesses_allowed": self.guesses}

    async def _ask(self, question: str) -> Outcome:
        said = await self.ask_partner(self._user_view(question))
        hidden, source = self._task.hidden, self._task.source
        answer, true = heard(said), truth(question, source, hidden.names, hidden.facts)
        false = answer is None or (true is not None and answer != true)
        self._state.questions += 1
        self._state.user_errors += false
        about: dict[str, Any] = {"asked": attribute(question, source)} | ({"user_error": True} if false else {})
        return Outcome(SAID[answer or "maybe"], info=about)

    async def _guess(self, guess: str) -> Outcome:
        verdict = cast(GuessVerdict, await self.ask_judge(GuessRequest(names=self._task.hidden.names, guess=guess)))
        state = self._state
        state.guesses += 1
        state.solved = verdict.correct
        over = state.solved or state.guesses == self.guesses
        return Outcome(RIGHT if state.solved else WRONG, float(state.solved), verdict.source, over)

    def _user_view(self, question: str) -> View:
        hidden = self._task.hidden
        known = {"source": self._task.source, "names": hidden.names, "facts": hidden.facts}
        system = user_prompt(self.prompt, self._task)
        return View("user", system, (Message("user", question),), choices=CHOICES, known=known, fresh=True)
