"""A whole call as the metrics see it: who was called about what by whom, and what the gym's state says became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from envs.usersim.metrics.decision import Decision, Ending, decision, ending
from envs.usersim.metrics.style import robotic, style_distances
from envs.usersim.outcome import Outcome
from envs.usersim.schema.dynamic_profile import DynamicProfile
from envs.usersim.task import UserSimTask

HEARD = ("OK", "SOFT")
"""Levels of turns that the agent hears."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the user, heard or not; see `envs.usersim.gym.Read`."""

    level: str
    errors: tuple[str, ...]
    move: str
    v_state: float | None
    worth: float | None

    @property
    def heard(self) -> bool:
        return self.level in HEARD


@dataclass(frozen=True, slots=True)
class Call:
    """One of them. `answers`, `outcomes` and what is derived of both have an entry for every turn that was heard."""

    task: UserSimTask
    run: int
    """Which of the calls with this task."""
    score: float
    success: bool
    turns: tuple[Turn, ...]
    answers: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    after: DynamicProfile
    ending: Ending
    decision: Decision
    style: tuple[float, ...]
    robotic: tuple[bool, ...]
    tokens: int | None
    seconds: tuple[float, ...] | None
    """Of every turn; None where nobody looked."""

    @classmethod
    def of(
        cls, task: UserSimTask, run: int, state: Mapping[str, Any], *, score: float, success: bool, tokens: int | None
    ) -> Call:
        """The call that a state of UserSimGym, as JSON has it, tells of."""
        turns = tuple(Turn(**{**read, "errors": tuple(read["errors"])}) for read in state["read"])
        answers = tuple(state["answers"])
        after = DynamicProfile.load(state["profile"])
        seconds = state.get("seconds")
        return cls(
            task=task,
            run=run,
            score=score,
            success=success,
            turns=turns,
            answers=answers,
            outcomes=tuple(state["outcomes"]),
            after=after,
            ending=ending(state["ending"], after),
            decision=decision(state["ending"], after),
            style=style_distances(answers, task.persona.expression),
            robotic=robotic(answers, [turn.errors for turn in turns if turn.heard]),
            tokens=tokens,
            seconds=None if seconds is None else tuple(seconds),
        )

    @property
    def cluster(self) -> tuple[str, str]:
        """Persona and SOP."""
        return self.task.persona.persona_id, self.task.sop.sop_id

    @property
    def heard(self) -> tuple[Turn, ...]:
        return tuple(turn for turn in self.turns if turn.heard)
