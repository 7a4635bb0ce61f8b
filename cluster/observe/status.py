"""`<run>/status.json`: what a run is doing right now, rewritten about once a second by its driver.

The driver builds a whole `Status` and writes it; everybody else only reads. Invariants
- The file appears at once (written aside, then renamed), so no reader sees half of one.
- Every field has a default: a half-filled status is valid, and what is null in the file takes its default. Unknown
  fields are ignored. So reader and driver may be of different versions.
- It names no host: `pid` counts within `pid_space`, an opaque digest that a reader compares with its own.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cluster.errors import UserError, suggestion
from cluster.jobs.driver_process import pid_space
from cluster.record.whole_file import replace_text
from cluster.terminal.json_text import dumps

NAME = "status.json"
FINAL = ("finished", "failed", "interrupted")
"""States after which the driver writes no more."""
STALE_S = 15.0
"""A driver that should write every second and has not for this long is in trouble."""
ALARMS_KEPT = 20

State = Literal["starting", "imitation", "evaluating", "training", "finished", "failed", "interrupted"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class StreamStatus(_Part):
    """Groups: how many are in each state now, and how often each transition happened since the run began."""

    running: int = 0
    ready: int = 0
    waiting: int = 0
    """To be dispatched again."""
    consumed: int = 0
    dropped: int = 0
    retried: int = 0
    late: int = 0


class ComponentStatus(_Part):
    """One actor of the run."""

    name: str = ""
    """As people say it: `rollout worker 0`, `engine of 'user' 0`, `judge 'default' 0`, `learner 'agent' rank 0`."""
    kind: str = ""
    """`worker`, `engine`, `judge` or `learner`."""
    pid: int | None = None
    alive: bool = True
    silent_s: float = 0.0
    """Since it last answered anything."""
    version: int | None = None
    """The weights of the trained policy it holds; null if it holds none of them."""
    restarts: int = 0
    pending: dict[str, int] = Field(default_factory=dict)
    done: dict[str, int] = Field(default_factory=dict)
    rates: dict[str, float] = Field(default_factory=dict)


class JudgeStatus(_Part):
    """One pool of judges. Shares are between 0 and 1."""

    requests: int = 0
    errors: int = 0
    error_share: float = 0.0
    retried_share: float = 0.0
    latency_p50_ms: float = 0.0
    latency_p95_ms: float = 0.0


class AlarmStatus(_Part):
    """Something a watcher of the metrics found wrong."""

    iteration: int = 0
    name: str = ""
    message: str = ""


def _last(alarms: list[AlarmStatus]) -> list[AlarmStatus]:
    return alarms[-ALARMS_KEPT:]


class Status(_Part):
    """The whole file. Times are unix seconds; `cause` is one sentence about why the run ended."""

    run: str = ""
    state: State = "starting"
    cause: str | None = None
    exit_code: int | None = None
    pid: int = 0
    """Of the driver; 0 is not known."""
    pid_space: str = ""
    """Where `pid` counts: see `cluster.jobs.driver_process`."""
    began: float = 0.0
    updated: float = 0.0
    """When this was written; 0 is not known."""
    iteration: int = 0
    iterations: int = 0
    version: int = 0
    """Of the learner."""
    eta_s: float | None = None
    stream: StreamStatus = Field(default_factory=StreamStatus)
    staleness: dict[str, int] = Field(default_factory=dict)
    """Of the last step's groups: staleness -> how many."""
    stages: dict[str, float] = Field(default_factory=dict)
    """Seconds of the last step: rollout, credit, learn, publish."""
    throughput: dict[str, float] = Field(default_factory=dict)
    """tokens_per_s, episodes_per_s, groups_per_s, steps_per_hour."""
    idle: dict[str, float] = Field(default_factory=dict)
    """Shares of time in which rollout, learner and engine had nothing to do."""
    components: list[ComponentStatus] = Field(default_factory=list)
    judges: dict[str, JudgeStatus] = Field(default_factory=dict)
    restores: int = 0
    """How often the run went back to a checkpoint."""
    alarms: Annotated[list[AlarmStatus], AfterValidator(_last)] = Field(default_factory=list)

    @classmethod
    def of_driver(cls, run: str, iterations: int) -> Self:
        """The status of a run that this process begins to drive now."""
        now = time.time()
        return cls(run=run, iterations=iterations, pid=os.getpid(), pid_space=pid_space(), began=now, updated=now)

    @property
    def final(self) -> bool:
        """Whether the driver has said its last word."""
        return self.state in FINAL

    def trouble(self, now: float, lives: bool | None = None) -> str | None:
        """One sentence if the driver should have written and has not; `lives` is what is known of its process."""
        silent = now - self.updated
        if self.final or not self.updated or silent <= STALE_S:
            return None
        known = "" if lives is None else f"; its process {self.pid} {'still lives' if lives else 'is gone'}"
        return f"the driver has not written for {silent:.0f} s: it is dead or stuck{known}."

    def write(self, directory_path: str | Path) -> None:
        """Replace the status file of a run's folder. A number that is none (NaN) is written as null."""
        replace_text(Path(directory_path) / NAME, dumps(self.model_dump()) + "\n")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The status in a run's folder, or in the file itself. Raises UserError if there is none to be read."""
        file = Path(path) / NAME if Path(path).is_dir() else Path(path)
        try:
            return cls.model_validate(_known(json.loads(file.read_bytes())))
        except FileNotFoundError:
            raise UserError(_absence(Path(path))) from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            what = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
            raise UserError(f"{file} is not the status of a run: {what}.") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{file} cannot be read: {str(error).splitlines()[0]}.") from None


def _known(data: Any) -> Any:
    """Without the nulls of mappings, at any depth."""
    if isinstance(data, dict):
        return {key: _known(value) for key, value in data.items() if value is not None}
    return [_known(value) for value in data] if isinstance(data, list) else data


def _absence(path: Path) -> str:
    if path.is_dir():
        return f"{path} holds no {NAME}: no run was started in it, or its driver has not written yet."
    runs = [p.name for p in path.absolute().parent.glob("*") if p.is_dir()]
    return f"there is no run {path}: {suggestion(path.name, runs)}"
