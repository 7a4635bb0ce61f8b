"""The stream of groups between rollouts and the learner: what to dispatch, what to keep, what to learn from.

A pure state machine: no clock, no Ray, no data. The driver tells it what happened and does what it answers.

Invariants
- A group ends exactly once, consumed or dropped(reason). It may be dispatched several times (`attempt`); an answer of
  any attempt but the current one is `Late` and changes nothing.
- Groups are consumed in the order of their ids, so a step never depends on which group finished first; a slow group is
  waited for.
- Staleness (learner version minus the group's version) is checked when a group is consumed.
- Dispatched while consumed + ready + running < (version + 1 + max_staleness) * groups_per_step, and never ahead for steps
  that will not come.
- Every transition is given to `record` before it takes effect; if `record` raises, nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Event = dict[str, Any]
MAX_ATTEMPTS = 3
"""How often a group may fail, unless it is said otherwise."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The group is ready; its data must be kept until it is taken or dropped."""


@dataclass(frozen=True, slots=True)
class Late:
    """An answer of an attempt that no longer counts; throw it away."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Dispatch the group again, as this attempt."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Drop:
    """The group has ended without being consumed."""

    reason: str


@dataclass(slots=True)
class Progress:
    """Transitions so far. The watchdog sees a stall when none of them moves."""

    dispatched: int = 0
    finished: int = 0
    retried: int = 0
    late: int = 0
    consumed: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Group:
    attempt: int = 0
    failures: int = 0
    """Attempts whose episodes failed. What a restart of the driver cut short is not held against the group."""
    losses: int = 0
    """Attempts that were lost with their worker."""
    state: Literal["waiting", "running", "ready"] = "running"
    version: int = 0
    """The oldest version of the trained policy in it, once it is ready."""


class Stream:
    """Holds every group that was dispatched and has not ended."""

    def __init__(
        self,
        groups_per_step: int,
        max_staleness: int = 0,
        max_attempts: int = MAX_ATTEMPTS,
        max_losses: int = 10,
        steps: int | None = None,
        record: Callable[[Event], None] = lambda event: None,
    ) -> None:
        """`max_attempts` bounds the failures of a group, `max_losses` the workers that may die of it. `steps` is how many
        there will be: nothing is dispatched ahead for later ones."""
        self.groups_per_step = groups_per_step
        self.max_staleness = max_staleness
        self.max_attempts = max_attempts
        self.max_losses = max_losses
        self.steps = steps
        self.progress = Progress()
        self.next_id = 0
        """The id of the next new group; ids have no gaps."""
        self._record = record
        self._live: dict[int, _Group] = {}

    def want(self, version: int) -> int:
        """How many new groups may be dispatched now."""
        steps = version + 1 + self.max_staleness
        if self.steps is not None:
            steps = min(steps, max(self.steps, version + 1))  # who goes on past the plan goes on step by step
        return max(0, steps * self.groups_per_step - self.progress.consumed - len(self._live))

    def dispatched(self, group_id: int, attempt: int, worker: str) -> None:
        """A group went to a worker: a new one with id `next_id` as attempt 0, or one that is to be retried."""
        group = self._live.get(group_id)
        if group is None:
            possible = (group_id, attempt) == (self.next_id, 0)
        else:
            possible = group.state == "waiting" and group.attempt == attempt
        if not possible:
            raise ValueError(f"group {group_id} attempt {attempt} was dispatched, but nothing waits for that")
        self._record({"event": "dispatched", "group": group_id, "attempt": attempt, "worker": worker})
        if group is None:
            self._live[group_id] = _Group()
            self.next_id += 1
        else:
            group.state = "running"
        self.progress.dispatched += 1

    def finished(self, group_id: int, attempt: int, version: int) -> Accepted | Late:
        """A worker answered with complete data; `version` is the oldest of the trained policy in it."""
        group = self._awaited(group_id, attempt)
        if group is None:
            return self._late(group_id, attempt)
        self._record({"event": "finished", "group": group_id, "attempt": attempt, "version": version})
        group.state, group.version = "ready", version
        self.progress.finished += 1
        return Accepted()

    def failed(self, group_id: int, attempt: int, reason: str) -> Retry | Drop | Late:
        """A worker answered with an error, or with episodes that failed."""
        group = self._awaited(group_id, attempt)
        if group is None:
            return self._late(group_id, attempt)
        if self.is_last(group_id):
            return self._drop(group_id, reason)
        retry = self._retry(group_id, reason)
        group.failures += 1
        return retry

    def lost(self, group_id: int, attempt: int, reason: str) -> Retry | Drop | Late:
        """The worker died. That is seldom the group's doing, so it has more patience than `failed`."""
        group = self._awaited(group_id, attempt)
        if group is None:
            return self._late(group_id, attempt)
        if group.losses + 1 >= self.max_losses:
            return self._drop(group_id, reason)
        retry = self._retry(group_id, reason)
        group.losses += 1
        return retry

    def is_last(self, group_id: int) -> bool:
        """Whether one more failure of a live group ends it."""
        return self._live[group_id].failures + 1 >= self.max_attempts

    def ready(self) -> list[int]:
        """Ids of the groups whose data is here, in order."""
        return sorted(group_id for group_id, group in self._live.items() if group.state == "ready")

    def running(self) -> list[int]:
        """Ids of the groups that are not here yet, in order; those to be retried count as running."""
        return sorted(group_id for group_id, group in self._live.items() if group.state != "ready")

    def waiting(self) -> list[tuple[int, int]]:
        """(group, attempt) of the groups that are to be dispatched again, in order."""
        return sorted((group_id, group.attempt) for group_id, group in self._live.items() if group.state == "waiting")

    def take(self, version: int) -> list[int] | None:
        """Consume the next `groups_per_step` groups, or None while one of them is not here; drops those too stale."""
        taken: list[int] = []
        for group_id, group in sorted(self._live.items()):
            if group.state != "ready":
                return None
            if version - group.version > self.max_staleness:
                self._drop(group_id, f"stale by {version - group.version}")
                continue
            taken.append(group_id)
            if len(taken) == self.groups_per_step:
                return self._consume(taken, version)
        return None

    def census(self) -> dict[str, int]:
        """How many groups are running, ready and waiting now, and how often each transition happened."""
        states = [group.state for group in list(self._live.values())]
        counts = asdict(self.progress)
        now = {state: states.count(state) for state in ("running", "ready", "waiting")}
        return now | {name: counts[name] for name in ("consumed", "dropped", "retried", "late")}

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; JSON-serialisable."""
        live = [[n, group.attempt, group.failures, group.losses, group.state] for n, group in sorted(self._live.items())]
        return {"next_id": self.next_id, "progress": asdict(self.progress), "live": live}

    def restore(self, state: dict[str, Any]) -> list[tuple[int, int]]:
        """Continue from a checkpoint. Data that was on its way is gone; the answer is `waiting()`."""
        self.next_id, self.progress = state["next_id"], Progress(**state["progress"])
        self._live = {number: _Group(*rest) for number, *rest in state["live"]}
        for group_id, group in self._live.items():
            if group.state != "waiting":
                self._retry(group_id, "resumed")
        return self.waiting()

    def _awaited(self, group_id: int, attempt: int) -> _Group | None:
        if not 0 <= group_id < self.next_id:
            raise ValueError(f"group {group_id} was never dispatched")
        group = self._live.get(group_id)
        return group if group is not None and group.state == "running" and group.attempt == attempt else None

    def _late(self, group_id: int, attempt: int) -> Late:
        self._record({"event": "late", "group": group_id, "attempt": attempt})
        self.progress.late += 1
        return Late()

    def _retry(self, group_id: int, reason: str) -> Retry:
        group = self._live[group_id]
        self._record({"event": "failed", "group": group_id, "attempt": group.attempt, "reason": reason})
        group.attempt, group.state = group.attempt + 1, "waiting"
        self.progress.retried += 1
        return Retry(group.attempt)

    def _drop(self, group_id: int, reason: str) -> Drop:
        self._record({"event": "dropped", "group": group_id, "attempt": self._live[group_id].attempt, "reason": reason})
        del self._live[group_id]
        self.progress.dropped += 1
        return Drop(reason)

    def _consume(self, group_ids: list[int], version: int) -> list[int]:
        self._record({"event": "consumed", "groups": group_ids, "version": version})
        for group_id in group_ids:
            del self._live[group_id]
        self.progress.consumed += len(group_ids)
        return group_ids
