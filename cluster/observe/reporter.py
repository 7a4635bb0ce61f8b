"""Keeps `status.json` true: told of phases and steps by the main thread, of components by the health thread.

Invariant: whoever writes holds the lock, and writes the whole file.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import fmean
from typing import Any

from actors.judge_stats import FAILURES
from cluster.errors import UserError
from cluster.groups.stream import Stream
from cluster.observe.alarm import Alarm
from cluster.observe.health import BEAT_S, Member
from cluster.observe.status import AlarmStatus, ComponentStatus, JudgeStatus, State, Status, StreamStatus
from cluster.observe.watchdog import Component

STAGES = ("rollout", "credit", "learn", "publish")
ETA_STEPS = 10
"""The ETA goes by the mean of this many steps."""


def mark(directory: Path, run: str, iterations: int, state: State, **fields: Any) -> None:
    """Say in the status file how a run ended, when nobody else keeps it any more; the rest stays as it was last."""
    status = _known(directory) or Status.of_driver(run, iterations)
    status.model_copy(update={"state": state, "updated": time.time(), "eta_s": None} | fields).write(directory)


@contextmanager
def marked(directory: Path, run: str, iterations: int, state: State) -> Iterator[None]:
    """Say what a run is doing before its algorithm keeps the status, again and again, so that readers see that it lives."""
    status, done = Status.of_driver(run, iterations), threading.Event()
    status.state = state

    def beat() -> None:
        while True:
            status.updated = time.time()
            with suppress(OSError):  # a status that cannot be written is no reason to end a run
                status.write(directory)
            if done.wait(BEAT_S):
                return

    thread = threading.Thread(target=beat, name="status", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _known(directory: Path) -> Status | None:
    try:
        return Status.read(directory)
    except UserError:
        return None


class Reporter:
    """The status of one run while its algorithm lives."""

    def __init__(self, directory: Path, run: str, iterations: int) -> None:
        self._directory = directory
        self._status = Status.of_driver(run, iterations)
        self._lock = threading.Lock()
        self._steps: deque[float] = deque(maxlen=ETA_STEPS)

    def phase(self, state: State) -> None:
        """What the run is doing from now on."""
        with self._lock:
            self._status.state = state
            self._write()

    def step(self, version: int, scalars: Mapping[str, float], staleness: Sequence[int]) -> None:
        """An iteration ended; `staleness` has one entry per group it learned from."""
        wall = scalars.get("time/step", 0.0)
        if wall:
            self._steps.append(wall)
        with self._lock:
            status = self._status
            status.iteration = status.version = version
            status.stages = {stage: scalars[f"time/{stage}"] for stage in STAGES}
            status.idle = {name.removeprefix("idle/"): value for name, value in scalars.items() if name.startswith("idle/")}
            status.staleness = {str(value): count for value, count in sorted(Counter(staleness).items())}
            if self._steps:
                mean = fmean(self._steps)
                status.eta_s = mean * max(0, status.iterations - version)
                status.throughput = {"steps_per_hour": 3600.0 / mean}
            if wall:
                status.throughput |= {
                    "tokens_per_s": scalars["rollout/tokens_per_s"],
                    "episodes_per_s": scalars["rollout/episodes"] / wall,
                    "groups_per_s": len(staleness) / wall,
                }

    def restored(self, restores: int, version: int) -> None:
        """The run went back to a checkpoint."""
        with self._lock:
            self._status.restores, self._status.iteration, self._status.version = restores, version, version
            self._write()

    def alarm(self, alarms: Sequence[Alarm]) -> None:
        """Something a guard found wrong."""
        with self._lock:
            new = [AlarmStatus(iteration=a.iteration, name=a.name, message=a.message) for a in alarms]
            self._status.alarms = [*self._status.alarms, *new][-20:]

    def beat(self, known: Sequence[tuple[Member, Component, float]], stream: Stream) -> None:
        """What the components answered last; called about once a second, this also shows that the driver lives."""
        with self._lock:
            self._status.components = [_component(member, component, silent) for member, component, silent in known]
            self._status.judges = judge_status(known)
            self._status.stream = StreamStatus(**stream.census())
            self._write()

    def _write(self) -> None:
        self._status.updated = time.time()
        self._status.write(self._directory)


def _component(member: Member, known: Component, silent_s: float) -> ComponentStatus:
    vitals = known.vitals
    # A rank holds no version of its own: the learner's is the status's; a frozen model has none either.
    version = vitals.get("version") if member.kind == "worker" else None
    rates: dict[str, float] = {name: float(vitals[name]) for name in ("tokens", "busy_s", "batch_mean") if name in vitals}
    rates |= {f"endpoint_{name}": value for name, value in vitals.get("endpoint", {}).items()}
    return ComponentStatus(
        name=member.name,
        kind=member.kind,
        pid=vitals.get("pid"),
        alive=known.alive,
        silent_s=silent_s,
        version=version,
        restarts=known.restarts,
        pending=vitals.get("pending", {}),
        done=vitals.get("done", {}),
        rates=rates,
    )


def judge_stats(known: Sequence[tuple[Member, Component, float]]) -> dict[str, dict[str, float]]:
    """What each worker met at its judges since it started."""
    return {member.name: component.vitals["judge"] for member, component, _ in known if "judge" in component.vitals}


def endpoint_scalars(known: Sequence[tuple[Member, Component, float]]) -> dict[str, float]:
    """What endpoints, of judges and users together, were asked for since the actors started; cost at the config's prices."""
    used = [component.vitals["endpoint"] for _, component, _ in known if "endpoint" in component.vitals]
    if not used:
        return {}
    return {
        "endpoint/requests": sum(counters.get("requests", 0.0) for counters in used),
        "endpoint/tokens": sum(counters.get("tokens", 0.0) for counters in used),
        "endpoint/cost": sum(counters.get("cost", 0.0) for counters in used),
    }


def judge_status(known: Sequence[tuple[Member, Component, float]]) -> dict[str, JudgeStatus]:
    """The judges' pool as the workers met it since they started."""
    stats = list(judge_stats(known).values())
    requests = sum(stat["requests"] for stat in stats)
    if not requests:
        return {}
    errors = sum(stat[failure] for stat in stats for failure in FAILURES)
    shown = JudgeStatus(
        requests=int(requests),
        errors=int(errors),
        error_share=errors / requests,
        retried_share=sum(stat["retried"] for stat in stats) / requests,
        latency_p50_ms=max(stat["latency_p50_ms"] for stat in stats),
        latency_p95_ms=max(stat["latency_p95_ms"] for stat in stats),
    )
    return {"default": shown}
