"""Who is silent and who is stuck: a pure state machine over what components answer to pings. No clock, no Ray.

A component answers with vitals: `{"pid": int, "pending": {kind: count}, "done": {kind: count}, ...}`. Who owns what, and
the deadline by which it must move:

    tokens      the engine that holds the requests     "engine steps"     call_timeout_s for a partner's engine
    verdicts    the judge that holds the requests      "verdicts"         judges.*.retry.deadline_s
    episodes    the rollout worker that plays them     "episodes"
    steps       the learner's ranks                    "micro-batches"    learner.step_timeout_s
    groups      the collector, with run.stall_timeout_s for all of the above: when it falls, it asks here who is to blame

Invariants
- Silent is who lives and left a ping unanswered for `silence_s`; each silence is reported once.
- Stuck is who has work pending and none of it done for longer than asked; who waits for nothing is never stuck.
- A component that died is neither: it is coming back, or its callers have been told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

OUTER = "episodes"
"""Episodes wait for engines and judges: with one of those stuck as well, the worker is only its victim."""


@dataclass(slots=True)
class Component:
    """What is known of one. Times are on the caller's clock, in seconds."""

    answered: float
    asked: float | None = None
    """Since when a ping is unanswered."""
    alive: bool = False
    """Whether it has answered since it was started. One that is starting is not judged: that has a deadline of its own."""
    restarts: int = 0
    vitals: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, float] = field(default_factory=dict)
    """By kind of work: when some of it was last seen done, or none pending."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """Work that does not move."""

    name: str
    kind: str
    pending: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.name}: {self.pending} {self.kind} pending, none done for {self.seconds:.0f} s"


class Watchdog:
    """Told what was asked and answered; says who needs to be ended or blamed."""

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self.components: dict[str, Component] = {}

    def watch(self, names: Iterable[str], now: float) -> None:
        """Begin to watch components, or begin anew with those that were replaced."""
        for name in names:
            known = self.components.get(name)
            self.components[name] = Component(now, restarts=known.restarts + 1 if known else 0)

    def unwatch(self, names: Iterable[str]) -> None:
        """These are to be ended, or replaced."""
        for name in names:
            self.died(name)

    def asked(self, name: str, now: float) -> None:
        """A ping was sent."""
        self.components[name].asked = now

    def answered(self, name: str, vitals: dict[str, Any], now: float) -> None:
        """A ping came back."""
        component = self.components[name]
        before = component.vitals
        if before and before.get("pid") != vitals.get("pid"):
            component.restarts += 1
            component.moved = {}
            before = {}
        done, last = vitals.get("done", {}), before.get("done", {})
        for kind, pending in vitals.get("pending", {}).items():
            if not pending or done.get(kind) != last.get(kind) or kind not in component.moved:
                component.moved[kind] = now
        component.answered, component.asked, component.alive, component.vitals = now, None, True, vitals

    def died(self, name: str) -> None:
        """A ping failed: the component is gone, for now or for good."""
        component = self.components[name]
        component.asked, component.alive, component.moved = None, False, {}

    def silent(self, now: float) -> list[str]:
        """Those to be ended, counted as dead from now on."""
        names = [
            name
            for name, component in self.components.items()
            if component.alive and component.asked is not None and now - component.asked > self._silence_s
        ]
        for name in names:
            self.died(name)
        return names

    def absent(self, now: float, limit: float) -> list[str]:
        """Who cannot serve at present: it lived and is gone, or left a ping unanswered for more than `limit` seconds."""
        return [
            name
            for name, component in self.components.items()
            if component.vitals and (not component.alive or (component.asked is not None and now - component.asked > limit))
        ]

    def stuck(self, now: float, limit: float) -> list[Stuck]:
        """Who has work that has not moved for more than `limit` seconds, the likeliest to blame first."""
        found = [
            Stuck(name, kind, component.vitals["pending"][kind], now - since)
            for name, component in self.components.items()
            if component.alive
            for kind, since in component.moved.items()
            if component.vitals["pending"].get(kind) and now - since > limit
        ]
        return sorted(found, key=lambda stuck: (stuck.kind == OUTER, -stuck.seconds))
