"""One benchmark in this process: `python -m tests.benchmarks.one NAME FOLDER` writes FOLDER/NAME.json."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import ray

from cluster.config import load as load_config
from cluster.jobs.private_ray import guard, own_temp
from tests.benchmarks.machine import load, machine
from tests.benchmarks.setting import Setting

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart.yaml"
CPUS = 8
"""Logical, so that no actor waits for a place; most of them wait for others most of the time."""
STORE_BYTES = 3 << 30


def run(name: str, folder: Path) -> Path:
    """Measure and write."""
    benchmark = import_module(f"tests.benchmarks.{name}")
    before, date = load(), datetime.now(UTC)
    began = time.perf_counter()
    with quickstart() as setting:
        outcome = benchmark.measure(setting, benchmark.FULL)
    found = {
        "name": name,
        "compares": outcome.compares,
        "command": f"python -m tests.benchmarks {name}",
        "date": date.isoformat(timespec="seconds"),
        "machine": machine(),
        "at_start": before,
        "seconds": round(time.perf_counter() - began, 1),
        "settings": outcome.settings,
        "measures": [measure.to_dict() for measure in outcome.measures],
        "raw": outcome.raw,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path


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
        yield Setting(load_config(QUICKSTART), temp / "scratch")
    finally:
        ray.shutdown()


if __name__ == "__main__":
    run(sys.argv[1], Path(sys.argv[2]))
