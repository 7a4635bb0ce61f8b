"""FunctionGym: infer a hidden arithmetic rule from what it makes of numbers, and apply it to a test case.

Rules (each has a test; specs/gyms.md 3.5)
- `[action]` probes: four numbers, and the gym says what the rule makes of them. The test case is refused.
- `[search] test` shows the test case.
- `[answer]` gives its result; a number within 1e-6 of the exact value pays 1 and ends the episode, another costs its turn, and
  the last of `answers` ends the episode (0: no limit). What is no number costs its turn only.
- `[finish]` ends the episode, and tells nothing; at `max_turns` it is cut off. Anything malformed costs a turn.
- `numbers="whole"`: whole numbers are probed and results are exact, so no probe lies close to the test case. `"any"`: whatever
  UserRL reads, and results in four decimals.

Invariants: see `envs.base`. There is no partner and no judge: neither is ever asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Unpack

from envs.base import Judge, Message, Speaker, Task, View
from envs.function.grammar import Numbers, parse_answer, parse_probe
from envs.function.prompt import Prompt, agent_prompt
from envs.function.rule import Undefined
from envs.function.task import FunctionTask, value
from envs.function.wording import CASE, DONE, FOUR, GIVES, ONE_NUMBER, REFUSED, RIGHT, SEARCH, WRONG, in_decimals, listed
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState

ANSWERS = 3
"""Enough to err once or twice, too few to try results one after the other."""
TOLERANCE = Fraction(1, 10**6)
NEAR = Fraction(1, 100)
"""A probe that differs less than this from the test case in every number is the test case."""
STAGES = ((4, "4+"), (2, "2-3"), (1, "1"), (0, "0"))
"""Probes made -> progress label; the first that is reached counts."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    probes: int = 0
    """Those that had a result."""
    looked_up: bool = False
    answers: int = 0
    solved: bool = False


class FunctionGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "FunctionGym"
    choices: ClassVar[tuple[str, ...]] = ("action", "search", "answer", "finish")
    _state: State
    _task: FunctionTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        answers: int = ANSWERS,
        numbers: Numbers = "whole",
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        super().__init__(partner, judge, **rules)
        if answers < 0:
            raise ValueError(f"answers is {answers}, but it is 0 (no limit) or more.")
        if numbers not in ("whole", "any"):
            raise ValueError(f"numbers is {numbers!r}, but it is 'whole' or 'any'.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.answers, self.numbers, self.prompt = answers, numbers, prompt
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, FunctionTask):
            raise TypeError(f"FunctionGym plays FunctionTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        system = agent_prompt(
            self.prompt, task.source, numbers=self.numbers, answers=self.answers, max_turns=self.rules.max_turns
        )
        return View("agent", system, (Message("user", task.visible.opening),), known=task.visible.model_dump())

    async def play(self, call: Call) -> Outcome:
        if call.choice == "finish":
            return Outcome(DONE, over=True)
        play = {"action": self._probe, "search": self._search, "answer": self._answer}[call.choice]
        return play(call.content)

    def score(self) -> float:
        return float(self._state.solved)

    def success(self) -> bool:
        return self._state.solved

    def signature(self) -> str:
        probes = next(label for least, label in STAGES if self._state.probes >= least)
        return f"{probes}{' test' * self._state.looked_up}"

    def facts(self) -> dict[str, Any]:
        hidden = self._task.hidden
        rule = {"rule": hidden.rule, "case": hidden.case, "expected": str(hidden.expected)}
        return rule | {"answers_allowed": self.answers, "numbers": self.numbers}

    def _probe(self, text: str) -> Outcome:
        numbers = parse_probe(text, self.numbers)
        if numbers is None:
            return Outcome(FOUR[self.numbers])
        case = self._task.hidden.case
        if all(abs(number - tested) < NEAR for number, tested in zip(numbers, case, strict=True)):
            return Outcome(REFUSED)
        try:
            result = value(self._task.hidden.rule, numbers)
        except Undefined as error:
            return Outcome(str(error))
        self._state.probes += 1
        return Outcome(GIVES.format(numbers=self._listed(numbers), value=self._said(result)))

    def _search(self, text: str) -> Outcome:
        if text.casefold() != "test":
            return Outcome(SEARCH)
        self._state.looked_up = True
        return Outcome(CASE.format(numbers=listed(self._task.hidden.case)))

    def _answer(self, text: str) -> Outcome:
        answer = parse_answer(text, self.numbers)
        if answer is None:
            return Outcome(ONE_NUMBER)
        state = self._state
        state.answers += 1
        state.solved = self._is_right(answer)
        return Outcome(
            RIGHT if state.solved else WRONG, float(state.solved), over=state.solved or state.answers == self.answers
        )

    def _is_right(self, answer: Fraction) -> bool:
        """UserRL compares floats, which matters where a float is coarser than the tolerance."""
        expected = self._task.hidden.expected
        if self.numbers == "any":
            return abs(float(answer) - float(expected)) <= TOLERANCE
        return abs(answer - expected) <= TOLERANCE

    def _listed(self, numbers: tuple[Fraction, ...]) -> str:
        return listed(numbers) if self.numbers == "whole" else " ".join(str(float(number)) for number in numbers)

    def _said(self, result: Fraction) -> str:
        return str(result) if self.numbers == "whole" else in_decimals(result)
