"""TurtleGym: find out by questions what is behind a strange story, and explain it.

Rules (each has a test)
- `[action]` asks; the partner answers one of three words. What is heard as none (`envs.closed`) is a "Maybe." and counted
  (`user_error`), as is an answer that the story contradicts; neither changes a reward.
- `[answer]` explains; the judge (`turtle.explanation`) scores each criterion 0, 0.5 or 1. The reward is what the weighted sum
  gains over the best one so far; a sum that reaches `threshold` ends the episode, as does the last of `answers` (0: no limit).
- `[finish]` ends the episode; at `max_turns` it is cut off. Anything malformed costs a turn.

Invariants: see `envs.base`. Scores are whole 200ths, so a perfect explanation is worth exactly 1. An observation holds the
surface, the closed answers and numbers of criteria, nothing else: no words of the partner, the judge or the rubric.
Source: specs/gyms.md 3.2, its defects (11: 2, 6, 8) mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Unpack, cast

from envs.base import Judge, Message, Speaker, Task, View
from envs.closed import CHOICES, SAID, heard
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState
from envs.turtle.grammar import asked, truth
from envs.turtle.prompt import Prompt, agent_prompt, user_prompt
from envs.turtle.task import WHOLE, TurtleTask
from envs.turtle.verdict import ExplanationRequest, ExplanationVerdict, Wanted
from envs.turtle.wording import DONE, HITS, SOLVED

ANSWERS = 3
"""Enough to err once or twice, too few to try explanations one after the other."""
UNITS = 2 * WHOLE
"""What a perfect explanation is worth: halves of hundredths."""
STAGES = ((10, "10+"), (5, "5-9"), (1, "1-4"), (0, "0"))
"""Questions asked -> progress label; the first that is reached counts."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    questions: int = 0
    answers: int = 0
    best: int = 0
    """The best weighted score, in units."""
    user_errors: int = 0
    """Answers of the partner that were none, or false; they change no reward by themselves."""


class TurtleGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "TurtleGym"
    userrl_readings: ClassVar[Mapping[str, str]] = {"search": "action"}
    _state: State
    _task: TurtleTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        answers: int = ANSWERS,
        threshold: float = 0.9,
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        super().__init__(partner, judge, **rules)
        if answers < 0:
            raise ValueError(f"answers is {answers}, but it is 0 (no limit) or more.")
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold is {threshold}, but it is more than 0 and at most 1.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.answers, self.threshold, self.prompt = answers, threshold, prompt
        self._enough = Fraction(str(threshold)) * UNITS
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, TurtleTask):
            raise TypeError(f"TurtleGym plays TurtleTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        system = agent_prompt(self.prompt, answers=self.answers, max_turns=self.rules.max_turns)
        return View("agent", system, (Message("user", task.visible.opening),), known=task.visible.model_dump())

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            return Outcome(DONE, over=True)
        return await (self._explain if call.choice == "answer" else self._ask)(call.content)

    def score(self) -> float:
        return self._state.best / UNITS

    def success(self) -> bool:
        return self._state.best >= self._enough

    def signature(self) -> str:
        stage = next(label for least, label in STAGES if self._state.questions >= least)
        return f"{stage} {4 * self._state.best // UNITS}"

    def facts(self) -> dict[str, Any]:
        return {"story": self._task.hidden.story, "answers_allowed": self.answers, "threshold": self.threshold}

    async def _ask(self, question: str) -> Outcome:
        said = await self.ask_partner(self._user_view(question))
        source, values = self._task.source, self._task.hidden.values
        answer, true, fact = heard(said), truth(question, source, values.values()), asked(question, source)
        false = answer is None or (true is not None and answer != true)
        self._state.questions += 1
        self._state.user_errors += false
        about: dict[str, Any] = {"asked": fact and fact.name} | ({"user_error": True} if false else {})
        return Outcome(SAID[answer or "maybe"], info=about)

    async def _explain(self, explanation: str) -> Outcome:
        hidden, state = self._task.hidden, self._state
        verdict = cast(ExplanationVerdict, await self.ask_judge(self._request(explanation)))
        scored = zip(hidden.criteria, verdict.scores, strict=True)
        worth = sum(criterion.weight * int(2 * score) for criterion, score in scored)
        gained = max(0, worth - state.best)
        state.answers += 1
        state.best += gained
        hits = HITS.format(hits=sum(score == 1 for score in verdict.scores), count=len(verdict.scores))
        over = self.success() or state.answers == self.answers
        return Outcome(SOLVED if self.success() else hits, gained / UNITS, verdict.source, over)

    def _request(self, explanation: str) -> ExplanationRequest:
        hidden = self._task.hidden
        criteria = tuple(Wanted(statement=criterion.statement, values=criterion.values) for criterion in hidden.criteria)
        surface, source = self._task.visible.surface, self._task.source
        return ExplanationRequest(
            source=source, surface=surface, story=hidden.story, criteria=criteria, explanation=explanation
        )

    def _user_view(self, question: str) -> View:
        known = {"source": self._task.source, "values": self._task.hidden.values}
        system = user_prompt(self.prompt, self._task)
        return View("user", system, (Message("user", question),), choices=CHOICES, known=known, fresh=True)
