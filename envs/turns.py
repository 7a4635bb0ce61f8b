"""What a turn is in every gym: counted, ended, paid and kept in the same way. A gym says with `play` what a call brings.

Invariants
- `step` and `refuse` cost one turn each, whatever comes of them; after the end they raise `EpisodeOver`.
- A judge or partner that fails raises before anything changes.
- An episode that has not ended by itself is cut off with its last turn: `terminated` and `truncated` are never both true.
- A gym may shorten its episodes (`most_turns`) and open a last turn of its own (`settle`); no episode outlasts `max_turns`.
- Before turn `reward_from_turn` nothing is paid, nor is it made up for later. `turn_cost` is taken from every turn's pay.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, TypedDict, Unpack

from envs.base import EpisodeOver, Gym, Judge, PartnerSilent, Speaker, StepResult, Task, Verdict, VerdictRequest, View
from envs.tool import Call, Malformed, split_action
from envs.verdicts import RuleJudge, checked

ShowReward = Literal["never", "train", "always"]
Calls = Literal["strict", "userrl"]
SHOWN = "\nReward: "
"""What stands between a feedback and the reward that is shown."""
_SHOWN = re.compile(rf"{SHOWN}[-+.\w]+$")


def unrewarded(feedback: str) -> str:
    """A feedback as the gym gave it, without the reward that may be shown after it: what scripted agents read."""
    return _SHOWN.sub("", feedback)


class TurnRules(TypedDict, total=False):
    """The parameters that all gyms have; the defaults are those of `Rules`."""

    max_turns: int
    reward_from_turn: int
    turn_cost: float
    show_reward: ShowReward
    calls: Calls


@dataclass(frozen=True, slots=True)
class Rules:
    """`TurnRules`, checked. Raises ValueError."""

    max_turns: int = 16
    reward_from_turn: int = 1
    """The first turn that pays, counted from 1."""
    turn_cost: float = 0.0
    show_reward: ShowReward = "never"
    """On which splits the acting role reads what each turn paid; UserRL shows it in training only."""
    calls: Calls = "strict"
    """Whether a choice that is none of the gym's is malformed, or read as UserRL reads it (`TurnGym.userrl_readings`)."""

    def __post_init__(self) -> None:
        if self.max_turns < 1:
            raise ValueError(f"max_turns is {self.max_turns}, but an episode needs 1.")
        if not 1 <= self.reward_from_turn <= self.max_turns:
            raise ValueError(f"reward_from_turn is {self.reward_from_turn}, but it is 1 to max_turns ({self.max_turns}).")
        if not 0 <= self.turn_cost <= 1:
            raise ValueError(f"turn_cost is {self.turn_cost}, but it is 0 to 1.")
        if self.show_reward not in ("never", "train", "always"):
            raise ValueError(f"show_reward is {self.show_reward!r}, but it is 'never', 'train' or 'always'.")
        if self.calls not in ("strict", "userrl"):
            raise ValueError(f"calls is {self.calls!r}, but it is 'strict' or 'userrl'.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call brought."""

    feedback: str
    reward: float = 0.0
    source: str = "rule"
    """Who decided the reward: `rule`, or the judge that a verdict names."""
    over: bool = False
    info: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)
    """Further rewards by name, of those that the gym lists; what is missing is 0. They cost nothing and are never shown."""
    signed: dict[str, str] = field(default_factory=dict)
    """Who decided a reward, by its name, where it was not `source`."""


@dataclass(slots=True)
class TurnState:
    """What changes during an episode of any gym; each adds its own."""

    turn: int = 0
    """Turns made."""
    over: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


class TurnGym(Gym):
    """See the module."""

    userrl_readings: ClassVar[Mapping[str, str]] = {}
    """The choices that UserRL's gym takes for another of its own; `readings` under `calls="userrl"`."""
    _state: TurnState
    _task: Task

    def __init__(self, partner: Speaker, judge: Judge, **rules: Unpack[TurnRules]) -> None:
        super().__init__(partner, judge)
        self.rules = Rules(**rules)
        self.readings = self.userrl_readings if self.rules.calls == "userrl" else {}
        self._state = TurnState(over=True)

    @abstractmethod
    def begin(self, task: Task) -> View:
        """Set `_task` and a new `_state`; what the acting role sees first. Raises TypeError for another gym's task."""

    @abstractmethod
    async def play(self, call: Call) -> Outcome:
        """What a valid call brings; changes the gym's own part of the state, last of all."""

    def idle(self, reason: str) -> Outcome:
        """What a malformed call brings."""
        return Outcome(reason)

    def most_turns(self) -> int:
        """After how many turns the episode is cut off, at most `max_turns`."""
        return self.rules.max_turns

    def settle(self, outcome: Outcome) -> Outcome:
        """What a turn brings once it is counted, malformed or not: here a gym ends the episode, or opens its last turn."""
        return outcome

    def facts(self) -> dict[str, Any]:
        """What `state` tells besides: the gym's own rules and what was hidden."""
        return {}

    def reset(self, task: Task, seed: int) -> View:
        self._seed = seed
        return self.begin(task)

    def fits(self, task: Task) -> None:
        if "judge" in task.beyond_rules and isinstance(self.judge, RuleJudge):
            raise ValueError(f"{task.id} is told in free words, which no rule can judge: {self.name} needs a model as judge.")

    async def step(self, action: str) -> StepResult:
        self._must_go_on()
        call = split_action(action, self.choices, self.readings)
        return self._end_turn(action, self.idle(call.reason) if isinstance(call, Malformed) else await self.play(call))

    def refuse(self, reason: str) -> StepResult:
        self._must_go_on()
        return self._end_turn("", self.idle(reason))

    def state(self) -> dict[str, Any]:
        known = {"task_id": self._task.id, "seed": self._seed, "rules": asdict(self.rules), "score": self.score()}
        return {**known, **self.facts(), **asdict(self._state)}

    async def ask_partner(self, view: View) -> str:
        """The partner's words. Raises PartnerSilent."""
        said = await self.partner.speak(view)
        if said.finish == "context_full":
            raise PartnerSilent(f"the {view.role}'s context is full: rollout.max_context is too small for its profile")
        return said.text

    async def ask_judge(self, request: VerdictRequest) -> Verdict:
        """A verdict that makes sense for the request. Raises JudgeError, or ValueError for one that does not."""
        return checked(request, await self.judge.verdict(request))

    def _must_go_on(self) -> None:
        if self._state.over:
            raise EpisodeOver("The episode is over; reset the gym to play another.")

    def _end_turn(self, action: str, outcome: Outcome) -> StepResult:
        """Count the turn and pay it."""
        state, rules = self._state, self.rules
        state.turn += 1
        outcome = self.settle(outcome)
        state.over = outcome.over or state.turn >= self.most_turns()
        pays = state.turn >= rules.reward_from_turn
        reward = (outcome.reward if pays else 0.0) - rules.turn_cost
        parts = {name: outcome.parts.get(name, 0.0) if pays else 0.0 for name in self.rewards if name != "env"}
        shown = rules.show_reward == "always" or rules.show_reward == self._task.split
        feedback = f"{outcome.feedback}{SHOWN}{reward}" if shown else outcome.feedback
        state.history.append({"action": action, "feedback": feedback, "reward": reward, "source": outcome.source})
        return StepResult(
            feedback,
            rewards={"env": reward, **parts},
            sources={**dict.fromkeys(self.rewards, outcome.source), **outcome.signed},
            terminated=outcome.over,
            truncated=state.over and not outcome.over,
            info=outcome.info,
        )
