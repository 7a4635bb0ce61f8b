"""IntentionGym: find out by asking what a vague request leaves open, then show that the replies were understood.

Rules (each has a test)
- A question is worth 1 / .7 / .4 by the importance of the detail it covers; the judge (`intention.coverage`) decides.
- `strict`: a turn that asks for more than one thing is refused, and the user's patience is the missing details plus
  SPARE_TURNS. Otherwise each further detail in a turn costs .2, and patience is `max_turns`.
- `closing`: half of each detail's worth is earned by its question, half in one closing turn that comes when nothing is left
  or patience is out: `[answer] slot value; ...`, scored by rule. Any other closing turn ends the episode with nothing more.
- `[finish]` ends the episode; `[answer]` before the closing turn, like anything malformed, costs a turn.

Invariants: see `envs.base`. Rewards are counted in whole twentieths, so sums are exact and the score never passes 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Unpack, cast

from envs.base import Judge, Message, Speaker, Task, View
from envs.intention.catalogue import inquiries
from envs.intention.grammar import answers, count_questions, facts, right
from envs.intention.prompt import Prompt, agent_prompt, user_prompt
from envs.intention.task import Detail, IntentionTask
from envs.intention.verdict import CoverageRequest, CoverageVerdict, Topic
from envs.intention.wording import ANSWER, DONE, NOT_YET, NOTHING_TO_ANSWER, ONE_QUESTION
from envs.tool import FINISHES, Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState, unrewarded

UNITS = 20
"""Reward units in 1.0: halves and fifths of the ladder stay whole."""
LADDER = {3: 20, 2: 14, 1: 8}
SEVERAL_PENALTY = 4
SPARE_TURNS = 2
HISTORY = 3
"""Exchanges shown to the judge."""
CAP = 3
"""Counts in a signature stop here, so that few labels arise."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    covered: list[str] = field(default_factory=list)
    """Slots asked for, in order."""
    answered: list[str] = field(default_factory=list)
    """Slots answered right in the closing turn."""
    earned: int = 0
    user_errors: int = 0
    """Replies of the partner that stated a wrong value; they change no reward by themselves."""
    closing: bool = False


class IntentionGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "IntentionGym"
    userrl_readings: ClassVar[Mapping[str, str]] = {**FINISHES, "answer": "action", "search": "action"}
    _state: State
    _task: IntentionTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        strict: bool = True,
        closing: bool = True,
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        super().__init__(partner, judge, **rules)
        if self.rules.max_turns < 1 + closing:
            raise ValueError(f"max_turns is {self.rules.max_turns}, but an episode needs {1 + closing}.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        if closing:  # where an answer has a meaning of its own it is no question
            self.readings = {choice: other for choice, other in self.readings.items() if choice != "answer"}
        self.strict, self.closing, self.prompt = strict, closing, prompt
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, IntentionTask):
            raise TypeError(f"IntentionGym plays IntentionTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        return View("agent", self.system_prompt, (Message("user", task.visible.request),), known=task.visible.model_dump())

    @property
    def system_prompt(self) -> str:
        """What the agent is told about the rules."""
        return agent_prompt(self.prompt, strict=self.strict, closing=self.closing)

    async def play(self, call: Call) -> Outcome:
        if self._state.closing:
            return self._close(call)
        if call.choice == "finish":
            return Outcome(DONE, over=True)
        if call.choice == "answer":
            return Outcome(NOT_YET if self.closing else NOTHING_TO_ANSWER)
        if self.strict and count_questions(call.content, self._task.slot_names) > 1:
            return Outcome(ONE_QUESTION)
        return await self._ask(call)

    def idle(self, reason: str) -> Outcome:
        """In the closing turn it was the last chance."""
        return Outcome(reason, over=self._state.closing)

    def most_turns(self) -> int:
        return self._patience + self.closing

    def settle(self, outcome: Outcome) -> Outcome:
        """The closing turn, or the end, comes when nothing is left or patience is out."""
        state = self._state
        if outcome.over or (self._remaining and state.turn < self._patience):
            return outcome
        if not self.closing:
            return replace(outcome, over=not self._remaining)
        state.closing = True
        return replace(outcome, feedback=f"{outcome.feedback} {ANSWER}".lstrip())

    def score(self) -> float:
        return self._state.earned / sum(LADDER[detail.importance] for detail in self._details)

    def success(self) -> bool:
        return not self._remaining and (not self.closing or len(self._state.answered) == len(self._details))

    def signature(self) -> str:
        levels = [detail.importance for detail in self._remaining]
        counts = "-".join(str(min(CAP, levels.count(level))) for level in (3, 2, 1))
        return f"answer {counts}" if self._state.closing else counts

    def facts(self) -> dict[str, Any]:
        return {"strict": self.strict, "closing_turn": self.closing}

    @property
    def _details(self) -> tuple[Detail, ...]:
        return self._task.hidden.details

    @property
    def _remaining(self) -> list[Detail]:
        return [detail for detail in self._details if detail.slot not in self._state.covered]

    @property
    def _patience(self) -> int:
        """Turns before the closing turn, or in all if there is none."""
        most = self.rules.max_turns - self.closing
        return min(most, len(self._details) + SPARE_TURNS) if self.strict else most

    async def _ask(self, call: Call) -> Outcome:
        """The judge first: a turn it finds to cover several details is refused like one that shows it in its words."""
        covered, source = await self._judge(call.content)
        if self.strict and len(covered) > 1:
            return Outcome(ONE_QUESTION, source=source)
        reply = await self.ask_partner(self._user_view(call.content))
        self._state.covered += [detail.slot for detail in covered]
        return self._paid(reply, self._worth(covered), source, self._about(covered, reply))

    async def _judge(self, utterance: str) -> tuple[list[Detail], str]:
        remaining = self._remaining
        topics = tuple(Topic(description=d.description, importance=d.importance, inquiries=d.inquiries) for d in remaining)
        history = tuple((turn["action"], unrewarded(turn["feedback"])) for turn in self._state.history[-HISTORY:])
        request = CoverageRequest(request=self._task.visible.request, utterance=utterance, remaining=topics, history=history)
        verdict = cast(CoverageVerdict, await self.ask_judge(request))
        return [remaining[index] for index in verdict.covered if verdict.on_topic], verdict.source

    def _worth(self, covered: list[Detail]) -> int:
        if not covered:
            return 0
        worth = max(LADDER[detail.importance] for detail in covered) - SEVERAL_PENALTY * (len(covered) - 1)
        return max(0, worth) // (1 + self.closing)

    def _user_view(self, utterance: str) -> View:
        told = [*self._state.covered]
        wanted = [{"slot": d.slot, "value": d.value, "inquiries": d.inquiries, "told": d.slot in told} for d in self._details]
        stated = self._task.mentioned.items()
        wanted += [{"slot": slot, "value": value, "inquiries": inquiries(slot), "told": True} for slot, value in stated]
        known = {"source": self._task.source, "details": wanted}
        system = user_prompt(self.prompt, self._task, told)
        return View("user", system, (Message("user", utterance),), known=known, fresh=True)

    def _about(self, covered: list[Detail], reply: str) -> dict[str, Any]:
        """What the trainer may know of a turn. A false reply is noted here; it changes no reward."""
        true = {detail.slot: detail.value for detail in self._details} | self._task.mentioned
        stated = facts(reply) if self._task.source == "generated" else []
        false = [slot for slot, value in stated if slot in true and value != true[slot]]
        self._state.user_errors += bool(false)
        return {"covered": [detail.slot for detail in covered], **({"user_error": True} if false else {})}

    def _close(self, call: Call) -> Outcome:
        """Score the closing turn."""
        if call.choice != "answer":
            return Outcome(DONE, over=True)
        names = {d.description: d.slot for d in self._details} | {d.slot: d.slot for d in self._details}
        stated = answers(call.content, names)
        found = [detail for detail in self._details if right(stated.get(detail.slot, ""), detail.value)]
        self._state.answered = [detail.slot for detail in found]
        worth = sum(LADDER[detail.importance] // 2 for detail in found)
        about = {"answered": self._state.answered}
        return replace(self._paid(f"{len(found)} of {len(self._details)} right.", worth, "rule", about), over=True)

    def _paid(self, feedback: str, worth: int, source: str, about: dict[str, Any]) -> Outcome:
        self._state.earned += worth
        return Outcome(feedback, worth / UNITS, source, info=about)
