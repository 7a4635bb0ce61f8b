"""Where groups come from: asks the stream what is wanted, the pool who plays it, and waits with a deadline.

Invariants
- What may be dispatched, accepted or consumed is the `Stream`'s decision; this file only carries it out.
- A worker that dies costs its groups one attempt each; they are dispatched again. A judge or engine that is frozen costs
  at most the attempts under way: what failed waits until it is back or was replaced.
- With no group finished for `stall_timeout_s` while some are under way it raises `Stalled`, naming what is stuck. It
  never waits for ever, and between two looks (`LOOK_S`) it asks `heed` whether to go on at all.
- Groups stay under way between two calls: while the learner steps, workers play what the stream allows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
from ray.exceptions import RayError, RayTaskError

from actors.pool import ActorPool
from actors.rollout import GroupRequest, Weights
from actors.weights import ChecksumMismatch
from cluster.errors import RunFailed
from cluster.groups.stream import Accepted, Drop, Stream
from rewards.trajectory import OK

LOG = logging.getLogger("parley")
MIN_SCORED = 2
"""A group with fewer scored episodes has nobody to compare with."""
LOOK_S = 0.5
"""Longest wait between two looks at what else there is to heed."""


class Stalled(RunFailed):
    """Nothing came back for too long."""


class Broken(RunFailed):
    """Something fails for a reason that trying again will not mend."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Instead of an outcome: the worker died."""

    reason: str


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and what to ask meanwhile."""

    stall_timeout_s: float
    heed: Callable[[], None] = lambda: None
    """Called between waits; raises to end them."""
    suspect: Callable[[], str] = lambda: ""
    """Who is stuck, as far as anybody knows; part of what `Stalled` says."""
    absent: Callable[[], bool] = lambda: False
    """Whether somebody whom episodes need is down or silent. What failed is tried again once nobody is."""


class Collector:
    """Dispatches the groups of one stream to rollout workers and gathers their tables."""

    def __init__(
        self,
        workers: ActorPool,
        stream: Stream,
        request: Callable[[int, int], GroupRequest],
        patience: Patience,
        *,
        tolerant: bool = False,
        arrived: Callable[[int, pa.Table], None] = lambda group_id, table: None,
    ) -> None:
        """`request(group_id, attempt)` says what a group plays. `tolerant`: what still fails at its last attempt is kept as
        it came, masked. `arrived` is told of each group once, as soon as it is here."""
        self.workers = workers
        self.stream = stream
        self._request = request
        self._patience = patience
        self._tolerant = tolerant
        self._arrived = arrived
        self._flying: dict[Any, tuple[int, GroupRequest]] = {}
        self._updates: dict[Any, int] = {}
        self._tables: dict[int, pa.Table] = {}
        self._moved = time.monotonic()

    def step(self, version: int) -> list[pa.Table]:
        """The next step's groups, in id order. Raises Stalled, Broken, and what `heed` raises."""
        self._moved = time.monotonic()
        while (taken := self.stream.take(version)) is None:
            self._patience.heed()
            self._turn(version)
        tables = [self._tables.pop(group_id) for group_id in taken]
        self._tables = {group_id: self._tables[group_id] for group_id in self.stream.ready()}  # not those dropped as stale
        return tables

    def meanwhile(self, version: int, awaited: Sequence[Any], timeout_s: float) -> None:
        """Keep groups coming until all `awaited` references are there, one of them has failed, or `timeout_s` has passed.

        A request to stop is not heeded here: with its groups consumed and its weights half learned, a step has to end.
        """
        deadline = time.monotonic() + timeout_s
        pending = list(awaited)
        while pending and time.monotonic() < deadline:
            self._moved = time.monotonic()  # it is the learner that is waited for
            self._turn(version, pending)
            done, pending = ray.wait(pending, num_returns=len(pending), timeout=0)
            if _failed(done):
                return

    def update(self, weights: dict[str, Weights]) -> None:
        """Push weights to all workers, into conversations under way; a worker that misses it pulls them with its next group."""
        for member in self.workers.in_service():
            self._updates[self.workers.handles[member].update.remote(weights)] = member

    def abandon(self) -> None:
        """Give up what is under way: its answers belong to a stream that has ended."""
        for reference, (member, _) in self._flying.items():
            ray.cancel(reference, recursive=False)  # what it asked of engines and judges may be shared with others
            self.workers.done(member)
        self._flying, self._updates, self._tables = {}, {}, {}

    def _turn(self, version: int, others: Sequence[Any] = ()) -> None:
        """Send what may be sent, then wait for anything to happen, at most `LOOK_S`."""
        self._dispatch(version)
        awaited = [*self._flying, *self._updates, *others]
        if awaited:
            ray.wait(awaited, num_returns=1, timeout=LOOK_S)
        else:
            time.sleep(LOOK_S)  # no worker is in service, or what failed waits for a judge
        for group, outcome in self._receive():
            self._settle(group, outcome)
        if time.monotonic() - self._moved > self._patience.stall_timeout_s:
            raise Stalled(self._complaint())

    def _dispatch(self, version: int) -> None:
        self.workers.recover()
        if not self.workers.in_service():
            return
        again = [] if self._patience.absent() else self.stream.waiting()
        new = range(self.stream.next_id, self.stream.next_id + self.stream.want(version))
        for group_id, attempt in [*again, *((group_id, 0) for group_id in new)]:
            request, member = self._request(group_id, attempt), self.workers.reserve()
            self.stream.dispatched(group_id, attempt, f"worker {member}")
            self._flying[self.workers.send(member, "run_group", request)] = (member, request)

    def _receive(self) -> list[tuple[GroupRequest, pa.Table | str | Lost]]:
        """What came back: a table, or why there is none."""
        self._settle_updates()
        done, _ = ray.wait(list(self._flying), num_returns=len(self._flying), timeout=0) if self._flying else ([], [])
        received: list[tuple[GroupRequest, pa.Table | str | Lost]] = []
        for reference in done:
            member, request = self._flying.pop(reference)
            self._moved = time.monotonic()
            outcome: pa.Table | str
            try:
                outcome = ray.get(reference)
            except RayTaskError as error:  # the worker lives and says what went wrong
                outcome = f"worker {member} raised {error.cause!r}"
            except RayError as error:
                self.workers.failed(member)
                received.append((request, Lost(f"worker {member} died: {error}")))
                continue
            self.workers.done(member)
            received.append((request, outcome))
        return received

    def _settle_updates(self) -> None:
        done = ray.wait(list(self._updates), num_returns=len(self._updates), timeout=0)[0] if self._updates else []
        for reference in done:
            member = self._updates.pop(reference)
            try:
                ray.get(reference)
            except RayTaskError as error:
                if isinstance(error.cause, ChecksumMismatch):
                    raise Broken(f"rollout worker {member} cannot take new weights: {error.cause!r}") from error
                LOG.warning("rollout worker %s missed new weights: %r", member, error.cause)  # it pulls with its next group
            except RayError:  # it died: its groups say so, and after its restart it pulls
                continue

    def _settle(self, request: GroupRequest, outcome: pa.Table | str | Lost) -> None:
        group_id, attempt, stream = request.group_id, request.attempt, self.stream
        if isinstance(outcome, Lost):
            if isinstance(stream.lost(group_id, attempt, outcome.reason), Drop):
                raise Broken(f"group {group_id} (task {request.task.id}) lost {stream.max_losses} workers: {outcome.reason}")
            return
        reason = outcome if isinstance(outcome, str) else shortfall(outcome)
        kept = reason is None or (self._tolerant and not isinstance(outcome, str) and stream.is_last(group_id))
        if kept:
            newest = max((weights.version for weights in request.weights.values()), default=0)
            version = 0 if self._tolerant else oldest_version(outcome, newest)
            if isinstance(stream.finished(group_id, attempt, version), Accepted):
                self._tables[group_id] = outcome
                self._arrived(group_id, outcome)
        elif isinstance(stream.failed(group_id, attempt, str(reason)), Drop):
            raise Broken(f"group {group_id} (task {request.task.id}) failed {stream.max_attempts} times: {reason}")

    def _complaint(self) -> str:
        awaited = sorted({request.group_id for _, request in self._flying.values()})
        waited = f"no group came back within {self._patience.stall_timeout_s:.0f} s"
        who = self._patience.suspect() or "nothing is known to be stuck"
        if not awaited:
            return f"{waited}: no rollout worker is in service; {who}"
        return f"{waited}; waiting for groups {awaited[:8]} of the rollout workers; {who}"


def _failed(references: Sequence[Any]) -> bool:
    """Whether one of the references that are there is an error; who awaited it will meet it."""
    try:
        ray.get(list(references))
    except RayError:
        return True
    return False


def shortfall(table: pa.Table) -> str | None:
    """Why a group cannot be used, or None: half of its episodes must be scored, and two to compare if it has two."""
    first = table.filter(pc.equal(table["sequence"], 0))
    scored = pc.sum(pc.equal(first["status"], OK)).as_py() or 0
    if scored >= max(min(MIN_SCORED, first.num_rows), first.num_rows / 2):
        return None
    failed = table.filter(pc.not_equal(table["status"], OK))
    return f"{failed.num_rows} episodes failed, the first with {failed['status'][0].as_py()}: {failed['state'][0].as_py()}"


def oldest_version(table: pa.Table, newest: int) -> int:
    """The oldest weights that sampled a token of the table; `newest` if none was sampled."""
    versions = pc.list_flatten(table["version"])
    sampled = versions.filter(pc.greater_equal(versions, 0))
    return int(pc.min(sampled).as_py()) if len(sampled) else newest
