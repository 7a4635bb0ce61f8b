"""Everything that looks at a run while it goes on: health, status, metrics, guards. The main loop tells it of each step.

Invariant: it changes nothing that is learned. It ends actors that are silent, and raises when a guard of `guards.abort`
alarms or when nobody watches any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from cluster.config import Config
from cluster.groups.collector import Broken, oldest_version
from cluster.groups.stream import Stream
from cluster.observe.alarm import Alarm, alarm_scalars
from cluster.observe.guards import Guards
from cluster.observe.health import Health, Member
from cluster.observe.judge_meter import JudgeMeter
from cluster.observe.meter import Meter, Reading
from cluster.observe.reporter import Reporter, endpoint_scalars, judge_stats
from cluster.record.metrics import credit_scalars, learner_scalars, rollout_scalars
from cluster.record.recorder import Recorder
from rewards.trajectory import concat, with_advantages_of


@dataclass(frozen=True, slots=True)
class Step:
    """What one iteration did. `seconds` by stage: rollout, credit, learn, publish."""

    version: int
    """Of the weights it made."""
    groups: Sequence[pa.Table]
    batch: pa.Table
    """What of the groups was learned from, with its advantages."""
    credit: Mapping[str, float]
    learned: Sequence[Mapping[str, float]]
    seconds: Mapping[str, float]
    restores: int
    worker_restarts: int


class Observer:
    """Runs from `start` to `close`."""

    def __init__(self, config: Config, recorder: Recorder, stream: Callable[[], Stream], say: Callable[[str], None]) -> None:
        """`stream` gives the current one; `say` is told what a person should know, in a sentence."""
        run = config.run
        self.guards = Guards(config.guards)
        self.reporter = Reporter(recorder.directory.path, run.name, run.iterations)
        self.health = Health(run.silence_timeout_s, say, self._beat)
        self._recorder, self._stream, self._say = recorder, stream, say
        self._gyms = config.gyms.train
        self._meter, self._judge_meter = Meter(), JudgeMeter()

    def start(self, members: Sequence[Member]) -> None:
        """Begin to watch."""
        self.health.watch(members)
        self.health.start()

    def _beat(self) -> None:
        self.reporter.beat(self.health.components(), self._stream())

    def step(self, step: Step) -> dict[str, float]:
        """Keep and show an iteration; its scalars. Raises Broken when a guard ends the run."""
        table = with_advantages_of(concat(step.groups), step.batch)
        played = rollout_scalars(table, step.version - 1, self._gyms)
        scalars = {
            **played,
            **credit_scalars(step.credit),
            **learner_scalars(step.learned),
            **{f"time/{stage}": value for stage, value in step.seconds.items()},
            **self._system(step, played["rollout/tokens"] * played["rollout/episodes"]),
        }
        alarms = self.guards.look(step.version, scalars)
        self._recorder.step(step.version, scalars | alarm_scalars(alarms), table)
        began = step.version - 1
        self.reporter.step(step.version, scalars, [began - oldest_version(group, began) for group in step.groups])
        self._raise(alarms)
        return scalars

    def _system(self, step: Step, step_tokens: float) -> dict[str, float]:
        now, known = time.monotonic(), self.health.components()
        readings = [
            Reading(member.name, "rollout" if member.kind == "worker" else "engine", now - silent, component.vitals["busy_s"])
            for member, component, silent in known
            if "busy_s" in component.vitals
        ]
        progress = self._stream().progress
        scalars = self._meter.step(now, step.seconds["learn"], readings) | {
            "rollout/worker_restarts": float(step.worker_restarts),
            "rollout/retried_groups": float(progress.retried),
            "rollout/dropped_groups": float(progress.dropped),
            "rollout/late_answers": float(progress.late),
            "health/restores": float(step.restores),
            "health/silent": float(self.health.silenced),
        }
        if "time/step" in scalars:
            scalars["rollout/tokens_per_s"] = step_tokens / scalars["time/step"]
        return scalars | self._judge_meter.step(judge_stats(known)) | endpoint_scalars(known)

    def _raise(self, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            self._say(f"iteration {alarm.iteration}: {alarm.message}")
            self._recorder.alarm(alarm)
        self.reporter.alarm(alarms)
        if fatal := [alarm for alarm in alarms if alarm.abort]:
            raise Broken(f"guards.abort ends the run at iteration {fatal[0].iteration}: {fatal[0].message}")

    def close(self) -> None:
        """End the watch; actors are not touched."""
        self.health.close()
