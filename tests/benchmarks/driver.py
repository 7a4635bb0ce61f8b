"""A whole `parley train` whose driver is killed and which is resumed at once, as a user does it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from cluster.config import Config, resolved
from cluster.record.run_directory import RunDirectory
from cluster.start.parts import Models

LONGEST_S = 180.0


def killed_and_resumed(config: Config, models: Models, repeats: int) -> list[float]:
    """Seconds from each SIGKILL to the next optimizer step; every resumed run is the next one to be killed."""
    file = _written(config, models)
    directory = RunDirectory(config.run.root, "driver")
    process, seconds = _start(file), []
    try:
        _wait_for_step(directory, 2, process)
        for _ in range(repeats):
            steps = _steps(directory)
            killed = time.monotonic()
            family = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            process.wait()
            process = _start(file, "--resume")
            _wait_for_step(directory, steps + 1, process)
            seconds.append(time.monotonic() - killed)
            print(f"  driver SIGKILL, then --resume: {seconds[-1]:.1f} s", flush=True)
            psutil.wait_procs(family, timeout=30)
    finally:
        process.kill()
        process.wait()
    return seconds


def _written(config: Config, models: Models) -> Path:
    """The run as a file, with its models as folders; one rank, so that it fits two cores."""
    config = config.model_copy(deep=True)
    config.run.name, config.sft, config.learner.ranks = "driver", None, 1
    config.policies["agent"].model = str(models.acting)
    for speaker in config.policies["user"].mix or []:
        speaker.model = str(models.frozen["user"])
    config.eval.tasks, config.eval.greedy = 8, False
    path = config.run.root / "driver.yaml"
    path.write_text(resolved(config), encoding="utf-8")
    return path


def _start(file: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if key != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "cluster", "train", str(file), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _steps(directory: RunDirectory) -> int:
    return max((row["iteration"] for row in directory.read_metrics()), default=0)


def _wait_for_step(directory: RunDirectory, step: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LONGEST_S
    while _steps(directory) < step:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the run in {directory.path} came to no step {step}")
        time.sleep(0.02)
