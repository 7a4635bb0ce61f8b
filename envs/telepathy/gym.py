"""TelepathyGym: find out by questions that can be answered yes, no or maybe what somebody thinks of.

Rules (each has a test)
- `[action]` asks; the partner answers one of three words. Whatever else it says is heard as "Maybe." and counted
  (`user_error`), as is an answer that the fact table contradicts; neither changes a reward.
- `[answer]` guesses; the judge (`telepathy.guess`) decides. The right guess pays 1 and ends the episode, a wrong one costs its
  turn, and the last of `guesses` ends the episode (0: no limit).
- `[finish]` ends the episode; at `max_turns` it is cut off. Anything malformed costs a turn.

Invariants: see `envs.base`. An observation holds the opening, the closed answers and the gym's own words, nothing else: not
even a partner that tells the name can pass it on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, cast

from envs.base import EpisodeOver, Gym, Judge, Message, PartnerSilent, Speaker, StepResult, Task, View
from envs.telepathy.grammar import attribute, heard, truth
from envs.telepathy.prompt import Prompt, agent_prompt, user_prompt
from envs.telepathy.task import TelepathyTask
from envs.telepathy.verdict import GuessRequest, GuessVerdict
from envs.telepathy.wording import CHOICES, DONE, RIGHT, SAID, WRONG
from envs.tool import Malformed, split_action
from envs.verdicts import checked

GUESSES = 3
"""Enough to err once or twice, too few to try names one after the other."""
STAGES = ((10, "10+"), (5, "5-9"), (1, "1-4"), (0, "0"))
"""Questions asked -> progress label; the first that is reached counts."""


@dataclass(slots=True)
class State:
    """Everything that changes during an episode."""

    turn: int = 0
    questions: int = 0
    guesses: int = 0
    solved: bool = False
    user_errors: int = 0
    """Answers of the partner that were none, or false; they change no reward by themselves."""
    over: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


class TelepathyGym(Gym):
    """See the module."""

    name: ClassVar[str] = "TelepathyGym"

    def __init__(
        self, partner: Speaker, judge: Judge, *, guesses: int = GUESSES, prompt: Prompt = "full", max_turns: int = 16
    ) -> None:
        super().__init__(partner, judge)
        if max_turns < 1:
            raise ValueError(f"max_turns is {max_turns}, but an episode needs 1.")
        if guesses < 0:
            raise ValueError(f"guesses is {guesses}, but it is 0 (no limit) or more.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.guesses, self.prompt, self.max_turns = guesses, prompt, max_turns
        self.terse = prompt == "short"
        self._state = State(over=True)

    def reset(self, task: Task, seed: int) -> View:
        if not isinstance(task, TelepathyTask):
            raise TypeError(f"TelepathyGym plays TelepathyTask, not {type(task).__name__}.")
        self._task, self._seed, self._state = task, seed, State()
        system = agent_prompt(self.prompt, task.source, guesses=self.guesses, max_turns=self.max_turns)
        return View("agent", system, (Message("user", task.visible.opening),), known=task.visible.model_dump())

    async def step(self, action: str) -> StepResult:
        self._must_go_on()
        call = split_action(action, self.choices)
        if isinstance(call, Malformed):
            return self._end_turn(action, call.reason)
        if call.choice == "finish":
            self._state.over = True
            return self._end_turn(action, DONE)
        return await (self._guess if call.choice == "answer" else self._ask)(action, call.content)

    def refuse(self, reason: str) -> StepResult:
        self._must_go_on()
        return self._end_turn("", reason)

    def score(self) -> float:
        return float(self._state.solved)

    def success(self) -> bool:
        return self._state.solved

    def signature(self) -> str:
        return next(label for least, label in STAGES if self._state.questions >= least)

    def state(self) -> dict[str, Any]:
        rules = {"guesses": self.guesses, "max_turns": self.max_turns}
        known = {"task_id": self._task.id, "name": self._task.hidden.name, "seed": self._seed, "rules": rules}
        return {**known, "score": self.score(), **asdict(self._state)}

    def _must_go_on(self) -> None:
        if self._state.over:
            raise EpisodeOver("The episode is over; reset the gym to play another.")

    async def _ask(self, action: str, question: str) -> StepResult:
        said = await self.partner.speak(self._user_view(question))
        if said.finish == "context_full":
            raise PartnerSilent("the user's context is full: rollout.max_context is too small for its profile")
        hidden, source = self._task.hidden, self._task.source
        answer, true = heard(said.text), truth(question, source, hidden.names, hidden.facts)
        false = answer is None or (true is not None and answer != true)
        self._state.questions += 1
        self._state.user_errors += false
        about: dict[str, Any] = {"asked": attribute(question, source)} | ({"user_error": True} if false else {})
        return self._end_turn(action, SAID[answer or "maybe"], about=about)

    async def _guess(self, action: str, guess: str) -> StepResult:
        request = GuessRequest(names=self._task.hidden.names, guess=guess)
        verdict = cast(GuessVerdict, checked(request, await self.judge.verdict(request)))
        state = self._state
        state.guesses += 1
        state.solved = verdict.correct
        state.over = state.solved or state.guesses == self.guesses
        return self._end_turn(action, RIGHT if state.solved else WRONG, float(state.solved), verdict.source)

    def _user_view(self, question: str) -> View:
        hidden = self._task.hidden
        known = {"source": self._task.source, "names": hidden.names, "facts": hidden.facts}
        system = user_prompt(self.prompt, self._task)
        return View("user", system, (Message("user", question),), choices=CHOICES, known=known, fresh=True)

    def _end_turn(
        self, action: str, feedback: str, reward: float = 0.0, source: str = "rule", about: dict[str, Any] | None = None
    ) -> StepResult:
        """Count the turn and pay it; an episode that has not ended by itself ends with the last turn."""
        state = self._state
        state.turn += 1
        truncated = not state.over and state.turn >= self.max_turns
        terminated = state.over
        state.over = terminated or truncated
        state.history.append({"action": action, "feedback": feedback, "reward": reward, "source": source})
        return StepResult(
            feedback,
            rewards={"env": reward},
            sources={"env": source},
            terminated=terminated,
            truncated=truncated,
            info=about or {},
        )
