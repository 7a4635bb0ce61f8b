"""Rule users as speakers of UserSimGym.

Contract: they read `View.known` of that gym, gold labels included, and write the form of turn that it reads. Words depend on
the view and the seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from envs.base import Speaker, Utterance, View
from envs.usersim.trace.render import render
from envs.usersim.trace.rewrite import rewritten
from envs.usersim.trace.trace import Trace
from envs.usersim.users import USERS, User
from envs.usersim.users.situation import Situation


class RuleSpeaker:
    """Any of them."""

    def __init__(self, user: User, seed: int) -> None:
        self._user, self._seed = user, seed

    async def speak(self, view: View) -> Utterance:
        known = dict(view.known)
        form = known.pop("form")
        trace = self.trace(Situation(**known, seed=self._seed))
        if form == "rewrite":
            trace = rewritten(trace, known["profile"])
        return Utterance(render(_bare(trace) if form == "r1compat" else trace, form, known["profile"]))

    def trace(self, situation: Situation) -> Trace:
        return self._user(situation)


def rule_users() -> dict[str, Callable[[int], Speaker]]:
    """All of them by name, each made from a seed."""
    return {name: partial(RuleSpeaker, user) for name, user in USERS.items()}


def _bare(trace: Trace) -> Trace:
    """What a rewrite of the profile can say of a turn: neither acts, traps nor ledgers."""
    delta = replace(trace.delta, traps=(), claims=(), commit=(), disclosed=())
    return replace(trace, intent_act="other", trap_ids=(), delta=delta)


class Oracle(RuleSpeaker):
    """Plays as well as can be."""

    def __init__(self, seed: int) -> None:
        super().__init__(USERS["oracle"], seed)


class Demonstrator(Oracle):
    """The oracle, who now and then just agrees: `yields` is how often."""

    def __init__(self, seed: int, yields: float = 0.1) -> None:
        super().__init__(seed)
        self._rng, self._yields = random.Random(f"usersim demonstrator {seed}"), yields

    def trace(self, situation: Situation) -> Trace:
        return USERS["always_yes"](situation) if self._rng.random() < self._yields else super().trace(situation)
