"""PersuadeGym: change somebody's mind about a claim, argument by argument.

Rules (each has a test)
- `[answer]` argues. The judge (`persuade.stance`) says where the believer stands, level 0 to 6; the partner replies. These are
  two calls: the stance alone pays. What the levels gained are worth goes off the believer's concerns, whatever words won them.
  A reply that asks about what does not weigh with the believer, or not any more, is counted (`user_error`).
- The reward is what the level gains over the best one so far, in sixths (`reference="previous"`: over the level before).
- Level 6 ends the episode, as does the last of `patience` arguments that gain nothing (0: no limit).
- `[finish]` ends the episode; at `max_turns` it is cut off. Anything malformed costs a turn.

Invariants: see `envs.base`. The gym itself tells neither essay nor concerns nor level.
Source: specs/gyms.md 3.3, its defects (11: 4, 7, 9, 11) mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Unpack, cast

from envs.base import Judge, Message, Speaker, Task, View
from envs.persuade.grammar import hint, reason
from envs.persuade.prompt import Prompt, agent_prompt, user_prompt
from envs.persuade.task import LEVELS, PersuadeTask
from envs.persuade.verdict import StanceRequest, StanceVerdict
from envs.tool import Call
from envs.turns import Outcome, TurnGym, TurnRules, TurnState

PATIENCE = 3
"""Enough to find out what weighs with the believer, too few to try all kinds of reason."""
DONE = "Done."
DIGITS = 6
"""To which UserRL rounds its rewards."""


@dataclass(slots=True)
class State(TurnState):
    """What changes during an episode."""

    level: int = 0
    best: int = 0
    fruitless: int = 0
    met: list[str] = field(default_factory=list)
    """Topics of concerns that the levels gained so far are worth."""
    exchanges: list[tuple[str, str]] = field(default_factory=list)
    """Argument, reply."""
    user_errors: int = 0
    """Replies that point to what does not weigh with the believer; they change no reward by themselves."""


class PersuadeGym(TurnGym):
    """See the module."""

    name: ClassVar[str] = "PersuadeGym"
    choices: ClassVar[tuple[str, ...]] = ("answer", "finish")
    userrl_readings: ClassVar[Mapping[str, str]] = {"action": "answer", "search": "answer"}
    _state: State
    _task: PersuadeTask

    def __init__(
        self,
        partner: Speaker,
        judge: Judge,
        *,
        patience: int = PATIENCE,
        reference: Literal["best", "previous"] = "best",
        prompt: Prompt = "full",
        **rules: Unpack[TurnRules],
    ) -> None:
        super().__init__(partner, judge, **rules)
        if patience < 0:
            raise ValueError(f"patience is {patience}, but it is 0 (no limit) or more.")
        if reference not in ("best", "previous"):
            raise ValueError(f"reference is {reference!r}, but it is 'best' or 'previous'.")
        if prompt not in ("short", "full"):
            raise ValueError(f"prompt is {prompt!r}, but it is 'short' or 'full'.")
        self.patience, self.reference, self.prompt = patience, reference, prompt
        self.terse = prompt == "short"

    def begin(self, task: Task) -> View:
        if not isinstance(task, PersuadeTask):
            raise TypeError(f"PersuadeGym plays PersuadeTask, not {type(task).__name__}.")
        self._task, self._state = task, State()
        system = agent_prompt(self.prompt, patience=self.patience, max_turns=self.rules.max_turns)
        return View("agent", system, (Message("user", task.visible.opening),), known=task.visible.model_dump())

    async def play(self, call: Call) -> Outcome:
        return Outcome(DONE, over=True) if call.choice == "finish" else await self._argue(call.content)

    def score(self) -> float:
        return self._state.best / LEVELS

    def success(self) -> bool:
        return self._state.best == LEVELS

    def signature(self) -> str:
        return f"{self._state.best} {self._state.fruitless}"

    def facts(self) -> dict[str, Any]:
        return {"claim": self._task.visible.claim, "concerns": self._task.hidden.concerns, "patience": self.patience}

    async def _argue(self, argument: str) -> Outcome:
        state, hidden = self._state, self._task.hidden
        arguments = (*(said for said, _ in state.exchanges), argument)
        request = StanceRequest(
            claim=self._task.visible.claim,
            essay=hidden.essay,
            reasons=hidden.reasons,
            concerns=hidden.concerns,
            previous=state.level,
            arguments=arguments,
        )
        verdict = cast(StanceVerdict, await self.ask_judge(request))
        gained, topic = max(0, verdict.level - state.best), reason(argument, self._task.visible.claim)
        met = [*state.met, *self._won(state.best + gained, topic)]
        left = [concern for concern in hidden.concerns if concern not in met]
        reply = await self.ask_partner(self._user_view(arguments, verdict.level, left))
        pointed = hint(reply)
        false = bool(hidden.concerns) and pointed is not None and pointed not in left
        reward = gained / LEVELS
        if self.reference == "previous":
            reward = round(max(0, verdict.level - state.level) / LEVELS, DIGITS)
        state.level, state.best, state.met = verdict.level, state.best + gained, met
        state.fruitless += not gained
        state.user_errors += false
        state.exchanges.append((argument, reply))
        over = state.level == LEVELS or state.fruitless == self.patience > 0
        about: dict[str, Any] = {"reason": topic} | ({"user_error": True} if false else {})
        return Outcome(reply, reward, verdict.source, over, about)

    def _won(self, level: int, topic: str | None) -> list[str]:
        """The concerns that go off at a new best level: that of the argument's topic first, then the heaviest that it pays for.
        A judge that is a model understands more than the grammar, so its level says what was won, not the words."""
        weights, met = self._task.hidden.concerns, self._state.met
        room, won = level - sum(weights[concern] for concern in met), list[str]()
        for concern in sorted(weights.keys() - met, key=lambda each: (each != topic, -weights[each], each)):
            if weights[concern] <= room:
                room -= weights[concern]
                won.append(concern)
        return won

    def _user_view(self, arguments: tuple[str, ...], level: int, left: list[str]) -> View:
        task, state = self._task, self._state
        known = {"source": task.source, "split": task.split, "level": level, "moved": level > state.level, "left": left}
        system = user_prompt(self.prompt, task, level, level > state.level, left)
        past = () if self.terse else state.exchanges
        told = [message for said, reply in past for message in (Message("user", said), Message("assistant", reply))]
        return View("user", system, (*told, Message("user", arguments[-1])), known=known, fresh=True)
