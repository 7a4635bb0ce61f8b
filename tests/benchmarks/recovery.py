"""Seconds from a fault to the next optimizer step, for every kind of part of a living quickstart with two ranks.

Rollouts and learning take turns here, and a checkpoint is kept after every step. Rollout workers, engines and judges are hit
while the groups of a step are under way, ranks when they have just begun to learn, so the step under way is the one that
suffers; `nothing` is what is left of a step from these moments on without a fault. A frozen part must first be silent for
`silence_timeout_s`, and only then is it ended. The driver is killed and resumed in a process of its own (`driver`).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from cluster.algorithm import GRPO
from cluster.config import Config
from cluster.grpo_config import GRPOConfig
from tests.benchmarks.driver import killed_and_resumed
from tests.benchmarks.outcome import Outcome
from tests.benchmarks.setting import Setting
from tests.cluster.faults import Run, breaks_engine, kill

COMPARES = (
    "Seconds from a fault in the middle of a step to the next optimizer step, against what is left of a step without a fault."
)
SILENCE_S = 4.0
INTO_PLAYING_S, INTO_LEARNING_S = 0.3, 0.1
"""After the groups went out, or the learner got them, the fault comes; an undisturbed step plays for seconds."""
WORKER, ENGINE, JUDGE, RANK = "rollout worker 0", "engine of 'user' 0", "judge 'default' 0", "learner 'agent' rank 1"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to whom. `number` is a signal; None breaks the engine thread, 0 is no fault at all."""

    what: str
    component: str
    number: int | None

    def prepared(self, run: Run) -> Callable[[], Any]:
        """The fault, aimed at the component as it is now."""
        if self.number is None:
            handle = run.algorithm.parts.workers.handles[0]
            return lambda: handle.__ray_call__.remote(breaks_engine())
        return kill(run, self.component, self.number)


NOTHING = (Fault("nothing, playing", WORKER, 0), Fault("nothing, learning", RANK, 0))
FAULTS = (
    Fault("rollout worker SIGKILL", WORKER, signal.SIGKILL),
    Fault("engine thread exception", WORKER, None),
    Fault("user engine SIGKILL", ENGINE, signal.SIGKILL),
    Fault("user engine SIGSTOP", ENGINE, signal.SIGSTOP),
    Fault("judge SIGKILL", JUDGE, signal.SIGKILL),
    Fault("judge SIGSTOP", JUDGE, signal.SIGSTOP),
    Fault("rank SIGKILL", RANK, signal.SIGKILL),
    Fault("rank SIGSTOP", RANK, signal.SIGSTOP),
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many ranks; which faults, how often each, in turns; how often the driver is killed; steps before the first fault."""

    ranks: int
    faults: tuple[Fault, ...]
    repeats: int
    drivers: int
    warm_up: int


FULL = Size(2, (*NOTHING, *FAULTS), repeats=2, drivers=2, warm_up=2)
SMALLEST = Size(1, (Fault("judge SIGKILL", JUDGE, signal.SIGKILL),), repeats=1, drivers=0, warm_up=0)


class Timed(Run):
    """A run that notes when its last optimizer step was made, before its checkpoint is written."""

    stepped = 0.0

    def progress(self, *_: Any) -> None:
        self.stepped = time.monotonic()

    def seconds(self, fault: Fault) -> float:
        """From the fault to the next step."""
        act, before, goal = fault.prepared(self), self.pid(fault.component), self.algorithm.version + 1
        with ThreadPoolExecutor(max_workers=1) as pool:
            struck = pool.submit(_strike, self.algorithm, learning=fault.component == RANK, act=act)
            while self.algorithm.version < goal:
                self.advance()
        if fault.number != 0:
            self._await_successor(fault.component, before)
        return self.stepped - struck.result()

    def _await_successor(self, component: str, pid: int) -> None:
        """The health thread learns of it within two beats; that the fault was real is asserted here."""
        deadline = time.monotonic() + 60
        while self.pid(component) == pid:
            assert time.monotonic() < deadline, f"{component} is still process {pid}"
            time.sleep(0.1)


def measure(setting: Setting, size: Size) -> Outcome:
    """All faults of one living run, round after round; then the driver's."""
    config = _config(setting, size.ranks)
    steps = f"{config.rollout.groups_per_step} x {config.rollout.group_size}"
    outcome = Outcome(
        COMPARES, {"conversations of a step": steps, "ranks": config.learner.ranks, "silence_timeout_s": SILENCE_S}
    )
    algorithm = GRPOConfig().run(config, models=setting.models).build_algo()
    try:
        strike_all(outcome, algorithm, size)
    finally:
        algorithm.stop()
    if size.drivers:
        outcome.add("driver SIGKILL, then --resume", "s", killed_and_resumed(config, setting.models, size.drivers))
    return outcome


def strike_all(outcome: Outcome, algorithm: GRPO, size: Size) -> None:
    """Every fault once per round, on one living run, whose books must balance in the end."""
    run, found = Timed(algorithm), {fault.what: list[float]() for fault in size.faults}
    for _ in range(size.warm_up):
        run.advance()
    for _ in range(size.repeats):
        for fault in size.faults:
            found[fault.what].append(run.seconds(fault))
            print(f"  {fault.what}: {found[fault.what][-1]:.1f} s", flush=True)
    run.check()
    for what, seconds in found.items():
        outcome.add(what, "s", seconds)


def _config(setting: Setting, ranks: int) -> Config:
    config = setting.config.model_copy(deep=True)
    config.run.root, config.run.name, config.run.iterations = setting.scratch, "recovery", 100
    config.run.silence_timeout_s, config.run.max_restores = SILENCE_S, 100
    config.checkpoint.every, config.learner.ranks = 1, ranks
    config.monitor.wandb = "disabled"
    return config


def _strike(algorithm: GRPO, learning: bool, act: Callable[[], Any]) -> float:
    """Wait until groups are under way, or until the learner has them; a moment later, act. Returns when that was."""
    before, deadline = algorithm.version * algorithm.parley.rollout.groups_per_step, time.monotonic() + 60
    while not (algorithm.stream.census()["consumed"] > before if learning else algorithm.stream.census()["running"]):
        assert time.monotonic() < deadline, "the step did not begin"
        time.sleep(0.005)
    time.sleep(INTO_LEARNING_S if learning else INTO_PLAYING_S)
    struck = time.monotonic()
    act()
    return struck
