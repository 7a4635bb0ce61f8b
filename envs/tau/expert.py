"""The scripted agents that know how to serve: they follow the plan of the world they are in.

Contract: they read the opening and the feedback, never a task; each instance plays one episode and writes the bracket wire. The
noise of a demonstrator leaves room for reinforcement learning.
"""

from __future__ import annotations

import random

from envs.base import Utterance, View
from envs.tau.airline.plan import plan as airline_plan
from envs.tau.clerk import Plan
from envs.tau.retail.plan import plan as retail_plan
from envs.tau.wording import wanted

PLANS = {"retail": retail_plan, "airline": airline_plan}
VAGUE = ("Can you tell me more?", "I see. Please go on.")
USELESS = ("[search] tools", "[search] help", "[answer] get_user: {}")
EARLIEST_FINISH = 4


class Demonstrator:
    """Probabilities are per turn: words that ask for nothing, a step that brings nothing, calling settled what is not,
    ending the conversation."""

    def __init__(
        self, seed: int, vague: float = 0.06, useless: float = 0.06, hasty: float = 0.04, finish: float = 0.02
    ) -> None:
        self._rng = random.Random(f"tau expert {seed}")
        self._noise = {"vague": vague, "useless": useless, "hasty": hasty}
        self._finish = finish
        self._plan: Plan | None = None
        self._next = ""
        self._turn = 0
        self._waits = False

    async def speak(self, view: View) -> Utterance:
        heard = view.messages[-1].content
        self._turn += 1
        if self._plan is None:
            domain = next((name for name in PLANS if wanted(heard, name)), "retail")
            self._plan = PLANS[domain](heard)
            self._next = next(self._plan)
        elif not self._waits:
            self._next = self._plan.send(heard)
        return Utterance(self._say())

    def _say(self) -> str:
        """The plan's next step, or something else, after which the plan waits for its turn."""
        if self._turn >= EARLIEST_FINISH and self._rng.random() < self._finish:
            return "[finish]"
        kind = self._draw_kind()
        self._waits = kind != "good"
        if kind == "vague":
            return f"[action] {self._rng.choice(VAGUE)}"
        if kind == "useless":
            return self._rng.choice(USELESS)
        return "[action] That is done. Anything else?" if kind == "hasty" else self._next

    def _draw_kind(self) -> str:
        draw = self._rng.random()
        for kind, probability in self._noise.items():
            draw -= probability
            if draw < 0:
                return kind
        return "good"


class Oracle(Demonstrator):
    """The best that can be done."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed, vague=0, useless=0, hasty=0, finish=0)
