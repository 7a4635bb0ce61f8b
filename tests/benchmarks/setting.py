"""What every benchmark is given: a run's configuration and models, and a folder to make a mess in."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ray

from cluster.config import Config, load
from cluster.jobs.private_ray import guard, own_temp
from cluster.start.parts import Models
from cluster.start.prepare import prepare

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.yaml"
CPUS = 8
"""Logical, so that no actor waits for a place; most of them wait for others most of the time."""
STORE_BYTES = 3 << 30


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a benchmark plays."""

    config: Config
    scratch: Path
    """Empty, and removed afterwards."""
    prepared: Models | None = None

    @property
    def models(self) -> Models:
        """Agent and user, trained by imitation as the configuration says; made once, then found under `run.root`."""
        return self.prepared or prepare(self.config, lambda *_: None)


@contextmanager
def quickstart() -> Iterator[Setting]:
    """The quickstart itself, on a Ray of this process's own. Its models are those that `make quickstart` makes."""
    temp = own_temp()
    os.environ["RAY_memory_monitor_refresh_ms"] = "0"  # noqa: SIM112  (spelt as Ray reads it)
    for name in ("ray", "ray.rllib"):
        logging.getLogger(name).setLevel(logging.ERROR)
    ray.init(
        address="local",
        num_cpus=CPUS,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _temp_dir=str(temp),
    )
    guard(temp)
    try:
        (temp / "scratch").mkdir()
        yield Setting(load(QUICKSTART), temp / "scratch")
    finally:
        ray.shutdown()
