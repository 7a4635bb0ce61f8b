"""Where groups come from: asks the stream what is wanted, the pool who plays it, and waits with a deadline.

Invariants
- What may be dispatched, accepted or consumed is the `Stream`'s decision; this file only carries it out.
- A worker that dies costs its groups one attempt each; they are dispatched again.
- With no group finished for `stall_timeout_s` it raises `Stalled`, naming what is awaited. It never waits for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import ray
from ray.exceptions import RayError, RayTaskError

from actors.balancer import NobodyAvailable
from actors.pool import ActorPool
from actors.rollout import GroupRequest
from cluster.stream import Drop, Stream
from rewards.trajectory import OK

MIN_SCORED = 2
"""A group with fewer scored episodes has nobody to compare with."""
MAX_MASKED = 0.1
"""An evaluation with a larger share of failed episodes says nothing."""


class Stalled(RuntimeError):
    """Nothing came back for too long."""


class Broken(RuntimeError):
    """Episodes fail for a reason that trying again will not mend."""


class Collector:
    """Dispatches groups to rollout workers and gathers their tables."""

    def __init__(self, workers: ActorPool, stall_timeout_s: float) -> None:
        self.workers = workers
        self._stall = stall_timeout_s
        self._flying: dict[Any, tuple[int, GroupRequest]] = {}

    def step(self, stream: Stream, version: int, request: Callable[[int, int], GroupRequest]) -> list[pa.Table]:
        """The next step's groups, in id order. `request(group_id, attempt)` says what a group plays."""
        return self._step(stream, version, request, tolerant=False)

    def abandon(self) -> None:
        """Forget what is under way: its answers belong to a stream that is given up."""
        for member, _ in self._flying.values():
            self.workers.done(member)
        self._flying = {}

    def _step(
        self, stream: Stream, version: int, request: Callable[[int, int], GroupRequest], *, tolerant: bool
    ) -> list[pa.Table]:
        tables: dict[int, pa.Table] = {}
        try:
            while (taken := stream.take(version)) is None:
                for group_id, attempt in stream.waiting():
                    self._dispatch(stream, request(group_id, attempt))
                for _ in range(stream.want(version)):
                    self._dispatch(stream, request(stream.next_id, 0))
                for group, outcome in self._receive():
                    self._settle(stream, group, outcome, tables, tolerant)
        except BaseException:
            self.abandon()
            raise
        return [tables[group_id] for group_id in taken]

    def play(self, requests: Sequence[GroupRequest]) -> list[pa.Table]:
        """Play all requests, in any order of finish; tables come back in the order of the requests.

        What still fails at its last attempt stays as a masked row; more than MAX_MASKED of them raise `Broken`.
        """
        numbered = [replace(request, group_id=number) for number, request in enumerate(requests)]
        stream = Stream(groups_per_step=len(requests))
        tables = self._step(stream, 0, lambda number, attempt: replace(numbered[number], attempt=attempt), tolerant=True)
        masked = [reason for table in tables if (reason := _shortfall(table))]
        if len(masked) > MAX_MASKED * len(tables):
            raise Broken(f"{len(masked)} of {len(tables)} evaluation episodes failed, the first one: {masked[0]}")
        return tables

    def _dispatch(self, stream: Stream, request: GroupRequest) -> None:
        self.workers.recover(self._stall)
        try:
            member, reference = self.workers.submit("run_group", request)
        except NobodyAvailable as error:
            raise Stalled(f"no rollout worker came back within {self._stall:.0f} s") from error
        stream.dispatched(request.group_id, request.attempt, f"worker {member}")
        self._flying[reference] = (member, request)

    def _receive(self) -> Iterable[tuple[GroupRequest, pa.Table | str]]:
        """What came back: a table, or why there is none."""
        ready, _ = ray.wait(list(self._flying), num_returns=1, timeout=self._stall)
        if not ready:
            awaited = sorted({request.group_id for _, request in self._flying.values()})
            raise Stalled(
                f"no group came back within {self._stall:.0f} s; waiting for groups {awaited[:8]} of the rollout workers"
            )
        done, _ = ray.wait(list(self._flying), num_returns=len(self._flying), timeout=0)
        for reference in done:
            member, request = self._flying.pop(reference)
            try:
                table = ray.get(reference)
            except RayTaskError as error:  # the worker lives and says what went wrong
                self.workers.done(member)
                yield request, f"worker {member} raised {error.cause!r}"
            except RayError as error:
                self.workers.failed(member)
                yield request, f"worker {member} died: {error}"
            else:
                self.workers.done(member)
                yield request, table

    def _settle(
        self, stream: Stream, request: GroupRequest, outcome: pa.Table | str, tables: dict[int, pa.Table], tolerant: bool
    ) -> None:
        reason = outcome if isinstance(outcome, str) else _shortfall(outcome)
        last = request.attempt + 1 >= stream.max_attempts
        if reason is None or (tolerant and last and not isinstance(outcome, str)):
            newest = max((version for version, _ in request.weights.values()), default=0)
            stream.finished(request.group_id, request.attempt, 0 if tolerant else _oldest_version(outcome, newest))
            tables[request.group_id] = outcome
        elif isinstance(stream.failed(request.group_id, request.attempt, reason), Drop):
            raise Broken(f"group {request.group_id} (task {request.task.id}) failed {request.attempt + 1} times: {reason}")


def _shortfall(table: pa.Table) -> str | None:
    """Why a group cannot be used, or None: half of its episodes must be scored, and two to compare if it has two."""
    first = table.filter(pc.equal(table["sequence"], 0))
    scored = pc.sum(pc.equal(first["status"], OK)).as_py() or 0
    if scored >= max(min(MIN_SCORED, first.num_rows), first.num_rows / 2):
        return None
    failed = table.filter(pc.not_equal(table["status"], OK))
    return f"{failed.num_rows} episodes failed, the first with {failed['status'][0].as_py()}: {failed['state'][0].as_py()}"


def _oldest_version(table: pa.Table, newest: int) -> int:
    """The oldest weights that sampled a token of the table; `newest` if none was sampled."""
    versions = pc.list_flatten(table["version"])
    sampled = versions.filter(pc.greater_equal(versions, 0))
    return int(pc.min(sampled).as_py()) if len(sampled) else newest
